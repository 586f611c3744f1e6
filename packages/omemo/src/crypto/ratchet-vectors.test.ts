import { describe, expect, test } from 'vitest'
import { backends, hex, profileOf, scripted, unhex, vectors } from '../../test/omemo-vectors.js'
import type { CryptoBackend } from './backend.js'
import { keyPairOf } from './identity.js'
import { parseMessage, type RatchetMessage } from './profile.js'
import { decrypt, encrypt } from './ratchet.js'
import { rootStep } from './root-chain.js'
import type { Session } from './session.js'
import { decodeSession, encodeSession } from './session-encoding.js'

interface Step {
  readonly op: 'encrypt_initial' | 'encrypt' | 'decrypt_initial' | 'decrypt'
  readonly by: 'alice' | 'bob'
  readonly name: string
  readonly plaintext?: string
  readonly wire: string
  readonly ok?: boolean
  readonly error?: string
  readonly ratchet_privs_generated?: readonly string[]
  readonly state_after?: {
    readonly diffie_hellman_ratchet: {
      readonly own_ratchet_priv: string
      readonly root_chain: { readonly key: string }
      readonly symmetric_key_ratchet: Readonly<
        Record<'receiving_chain' | 'sending_chain', { readonly length: number; readonly key: string } | null>
      >
    }
    readonly skipped_message_keys: readonly { ratchet_pub: string; index: number; message_key: string }[]
  }
}

interface Limit {
  readonly max_stored: number
  readonly max_per_message: number
  readonly skipped: number
  readonly shared_secret: string
  readonly first: string
  readonly wire: string
  readonly result: { readonly ok: boolean; readonly out?: string }
}

interface Flow {
  readonly ns: string
  readonly shared_secret: string
  readonly bob_spk_priv: string
  readonly bob_spk_pub: string
  readonly ad_initiator_responder: string
  readonly steps: readonly Step[]
  readonly limits: readonly Limit[]
}

const { flows } = vectors<{ flows: readonly Flow[] }>('ratchet')
const errorNames: Readonly<Record<string, string>> = {
  DuplicateMessageException: 'replayed',
  AuthenticationFailedException: 'bad-mac',
}

function start(backend: CryptoBackend, flow: Flow, secret: string, initiator: boolean, ratchetKey?: string): Session {
  const profile = profileOf(flow.ns)
  const data = unhex(flow.ad_initiator_responder)
  const identities = [data.slice(0, data.length / 2), data.slice(data.length / 2)] as const
  const ratchet = keyPairOf(backend, unhex(ratchetKey ?? flow.bob_spk_priv))
  const spk = unhex(flow.bob_spk_pub)
  const step = initiator ? rootStep(backend, profile, unhex(secret), ratchet.privateKey, spk) : undefined
  return {
    profile: profile.name,
    initiator,
    ownIdentity: initiator ? identities[0] : identities[1],
    remoteIdentity: initiator ? identities[1] : identities[0],
    ephemeralKey: new Uint8Array(32),
    exchange: undefined,
    ratchet,
    rootKey: step?.rootKey ?? unhex(secret),
    sending: step && { chainKey: step.chainKey, next: 0 },
    previousLength: 0,
    receiving: undefined,
    past: [],
  }
}

/** The state of the reference, but for the one key more that is kept at the end of a chain (F-list of omemo.md, 0.1). */
function expectState(session: Session, expected: NonNullable<Step['state_after']>): void {
  const { diffie_hellman_ratchet: ratchet, skipped_message_keys: keys } = expected
  const chain = (value: { next: number; chainKey: Uint8Array } | undefined) =>
    value ? { length: value.next, key: hex(value.chainKey) } : null
  const wanted = (value: { length: number; key: string } | null) => value && { length: value.length, key: value.key }
  expect(hex(session.rootKey)).toBe(ratchet.root_chain.key)
  expect(chain(session.sending)).toEqual(wanted(ratchet.symmetric_key_ratchet.sending_chain))
  expect(chain(session.receiving)).toEqual(wanted(ratchet.symmetric_key_ratchet.receiving_chain))
  const own = [...session.past, ...(session.receiving ? [session.receiving] : [])].flatMap((entry) =>
    entry.skipped.map(({ n, messageKey }) => ({
      ratchet_pub: hex(entry.ratchetKey),
      index: n,
      message_key: hex(messageKey),
    })),
  )
  expect(own).toEqual(expect.arrayContaining([...keys]))
  expect(own.length - keys.length).toBeLessThanOrEqual(session.past.length)
}

describe.each(backends)('$name', (backend) => {
  test.each(flows)('OMEMO A1: the recorded conversation of $ns, every byte and every state', (flow) => {
    const profile = profileOf(flow.ns)
    const parties: Partial<Record<Step['by'], Session>> = {}
    for (const step of flow.steps) {
      const draws = step.ratchet_privs_generated ?? []
      const initial = step.op === 'encrypt_initial'
      const session =
        parties[step.by] ?? start(backend, flow, flow.shared_secret, initial, initial ? draws[0] : undefined)
      const before = hex(encodeSession(session))
      const device = scripted(backend, initial ? [] : draws)
      if (step.op === 'encrypt' || initial) {
        const result = encrypt(device, profile, session, unhex(step.plaintext as string))
        expect(hex(result.bytes), step.name).toBe(step.wire)
        parties[step.by] = result.session
      } else {
        const message = parseMessage(profile, unhex(step.wire)) as RatchetMessage
        if (step.ok) {
          const result = decrypt(device, profile, session, message)
          expect(hex(result.plaintext), step.name).toBe(step.plaintext)
          parties[step.by] = result.session
        } else {
          const code = errorNames[step.error as string]
          expect(() => decrypt(device, profile, session, message), step.name).toThrow(expect.objectContaining({ code }))
        }
      }
      expect(device.left()).toBe(0)
      expect(hex(encodeSession(session)), 'the old value stays as it was').toBe(before)
      const after = parties[step.by]
      if (after && step.state_after) expectState(after, step.state_after)
      // As if the process had been restarted after every step.
      if (after) parties[step.by] = decodeSession(encodeSession(after))
    }
  })

  const limits = flows.flatMap((flow) => flow.limits.map((limit) => ({ flow, ns: flow.ns, ...limit })))
  test.each(limits)('OMEMO S13: $skipped skipped messages of $max_per_message, $ns', (limit) => {
    const profile = profileOf(limit.flow.ns)
    const bob = start(backend, limit.flow, limit.shared_secret, false)
    const bounds = { perMessage: limit.max_per_message, perSession: limit.max_stored }
    const first = decrypt(backend, profile, bob, parseMessage(profile, unhex(limit.first)) as RatchetMessage, bounds)
    const message = parseMessage(profile, unhex(limit.wire)) as RatchetMessage
    const attempt = () => decrypt(backend, profile, first.session, message, bounds)
    if (limit.result.ok) expect(hex(attempt().plaintext)).toBe(limit.result.out)
    else expect(attempt).toThrow(expect.objectContaining({ code: 'too-many-skipped' }))
  })
})
