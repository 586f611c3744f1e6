import { memoryStore } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { nobleBackend as backend } from '../crypto/backend-noble.js'
import { generateIdentity } from '../crypto/identity.js'
import { verifyBundle } from '../crypto/x3dh.js'
import { contactKind, unknownContact, withDevice } from '../devices/contact-record.js'
import type { OwnAccount, OwnDevice } from '../devices/own-account.js'
import { bundleOf, newOwnKeys } from '../devices/own-keys.js'
import { omemo2Version } from '../omemo2/version.js'
import { OmemoStore } from '../store/omemo-store.js'
import type { TrustLevel } from '../trust/trust-record.js'
import { MessageEncryptor } from './message-encryptor.js'
import { sealEnvelope, sealNothing } from './payloads.js'
import type { Recipient } from './recipient.js'

const [jid, deviceId, version] = ['bob@b.example', 42, omemo2Version]
const [alice, bob] = [Jid.parse('alice@a.example'), Jid.parse(jid)]
const content = sealEnvelope(backend, { content: [], from: alice, to: bob, time: new Date(0) })

/** Bob's device with a new identity. */
const recipientOf = async (): Promise<Recipient> => {
  const identity = generateIdentity(backend)
  const made = bundleOf(backend, version, identity, await newOwnKeys(backend, 0))
  const { identityKey, signedPreKey, signature, preKeys } = made
  const signed = { ...signedPreKey, signature }
  const bundle = verifyBundle(backend, version.profile, { identityKey, signedPreKey: signed, preKeys: preKeys.keys })
  return { jid, deviceId, version, identityKey: identity.publicKey, ed25519: identityKey, bundle }
}

const scene = () => {
  let level: TrustLevel | undefined = 'authenticated'
  const store = new OmemoStore(memoryStore())
  const device = { account: { deviceId: 7 }, identity: generateIdentity(backend) } as unknown as OwnDevice
  const own = { get: async () => device } as unknown as OwnAccount
  const trust = { levelIn: async () => level }
  const encryptor = new MessageEncryptor({ store, own, backend, trust, account: () => alice.bare })
  /** What has become of a message for a device. */
  const send = async (recipient: Recipient, now: TrustLevel | undefined, kind: 'content' | 'trust' | 'empty') => {
    level = now
    const payloads = new Map([[version.name, kind === 'empty' ? sealNothing(backend, version.name) : content]] as const)
    const task = { recipients: [recipient], payloads, isContent: kind === 'content', chats: [] }
    const { errors, elements } = await encryptor.encrypt(task)
    const [problem] = errors
    return problem === undefined ? elements.length : (problem.error as { readonly code: string }).code
  }
  return { store, send }
}

test('OMEMO C3 what is decided about a key when a message is encrypted is what counts', async () => {
  const { send } = scene()
  const recipient = await recipientOf()
  for (const level of ['blind', 'trusted', 'authenticated'] as const) {
    expect(await send(recipient, level, 'content')).toBe(1)
  }
  for (const level of ['undecided', 'distrusted', undefined] as const) {
    expect(await send(recipient, level, 'content')).toBe('untrusted')
  }
  // XEP-0450 §5: a trust message is for authenticated keys; an empty message says nothing.
  for (const level of ['blind', 'trusted', 'undecided', 'distrusted', undefined] as const) {
    expect(await send(recipient, level, 'trust')).toBe('untrusted')
    expect(await send(recipient, level, 'empty')).toBe(1)
  }
  expect(await send(recipient, 'authenticated', 'trust')).toBe(1)
})

test('OMEMO S10 C3 a session or a device with another key than that which was decided about is not used', async () => {
  const { store, send } = scene()
  const [one, other] = [await recipientOf(), await recipientOf()]
  expect(await send(one, 'authenticated', 'content')).toBe(1)
  for (const kind of ['content', 'trust', 'empty'] as const) {
    expect(await send(other, 'authenticated', kind)).toBe('identity-conflict')
  }
  // Another key was accepted since, and the session with the one before is still there.
  const pin = (identityKey: Uint8Array) =>
    store.transaction(['contact'], async (transaction) => {
      transaction.put(contactKind, jid, withDevice(unknownContact, deviceId, { identityKey }))
    })
  await pin(other.identityKey)
  expect(await send(one, 'authenticated', 'content')).toBe('identity-conflict')
  expect(await send(other, 'authenticated', 'content')).toBe('identity-conflict')
  await pin(one.identityKey)
  expect(await send(one, 'authenticated', 'content')).toBe(1)
})
