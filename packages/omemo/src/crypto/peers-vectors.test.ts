import { describe, expect, test } from 'vitest'
import { backends, hex, profileOf, scripted, unhex, vectors } from '../../test/omemo-vectors.js'
import { decryptLegacyPayload, emptyLegacyPayload, encryptLegacyPayload } from '../legacy/payload.js'
import { decryptOmemo2Payload, emptyOmemo2KeyMaterial, encryptOmemo2Payload } from '../omemo2/payload.js'
import type { CryptoBackend } from './backend.js'
import { concatBytes, utf8Bytes } from './bytes.js'
import { type IdentityKeyPair, identityFromPrivateKey, keyPairOf } from './identity.js'
import { type KeyExchange, type Profile, parseMessage, sign } from './profile.js'
import { decrypt, encrypt } from './ratchet.js'
import type { Session } from './session.js'
import { decodeSession, encodeSession } from './session-encoding.js'
import { initiate, isExchangeOf, type RemoteBundle, respond, verifyBundle } from './x3dh.js'

type Who = 'alice' | 'bob'

interface Secrets {
  readonly identity_priv: string
  readonly identity_ed25519: string
  readonly signed_pre_key: { readonly id: number; readonly priv: string; readonly pub: string; readonly sig: string }
  readonly pre_keys: readonly { readonly id: number; readonly priv: string }[]
}

interface Event {
  readonly op: 'send' | 'receive' | 'auto'
  readonly from: Who
  readonly to: Who
  readonly by: Who
  readonly name: string
  readonly plaintext: string | null
  readonly encrypted_xml: string
  readonly content_key: string
  readonly content_tag: string
  readonly random_drawn: readonly string[]
  readonly ok: boolean
}

interface Scenario {
  readonly ns: string
  readonly alice_ik_sign_bit: number
  readonly bob_ik_sign_bit: number
  readonly initial: Readonly<Record<Who, { readonly bundle_xml: string; readonly secrets: Secrets }>>
  readonly events: readonly Event[]
}

const { scenarios } = vectors<{ scenarios: readonly Scenario[] }>('peers')

function texts(xml: string, pattern: string): Uint8Array[] {
  return [...xml.matchAll(new RegExp(`<${pattern}[^>]*>([^<]*)<`, 'g'))].map((match) => {
    return Uint8Array.from(Buffer.from(match[1] as string, 'base64'))
  })
}

function textOf(xml: string, pattern: string): Uint8Array {
  const [text] = texts(xml, pattern)
  if (!text) throw new Error(`no ${pattern}`)
  return text
}

/** Crypto knows no XML: a test may read it with a pattern. */
function bundleOf(profile: Profile, xml: string): RemoteBundle {
  const names =
    profile.name === 'legacy'
      ? ['identityKey', 'signedPreKeyPublic', 'signedPreKeySignature', 'preKeyPublic']
      : ['ik', 'spk ', 'spks', 'pk ']
  const [identityKey, signedPreKey, signature, preKey] = names as [string, string, string, string]
  const ids = (name: string) =>
    [...xml.matchAll(new RegExp(`<${name}[^>]*[iI]d="(\\d+)"`, 'g'))].map((m) => Number(m[1]))
  return {
    identityKey: textOf(xml, identityKey),
    signedPreKey: {
      id: ids(signedPreKey)[0] as number,
      publicKey: textOf(xml, signedPreKey),
      signature: textOf(xml, signature),
    },
    preKeys: texts(xml, preKey).map((publicKey, index) => ({ id: ids(preKey)[index] as number, publicKey })),
  }
}

class Peer {
  session: Session | undefined
  readonly identity: IdentityKeyPair

  constructor(
    readonly backend: CryptoBackend,
    readonly profile: Profile,
    readonly secrets: Secrets,
  ) {
    const bit = (unhex(secrets.identity_ed25519)[31] as number) > 0x7f ? 1 : 0
    this.identity = identityFromPrivateKey(backend, unhex(secrets.identity_priv), bit)
  }

  /** As a store does it: every value goes through its encoding. */
  keep(session: Session): void {
    this.session = decodeSession(encodeSession(session))
  }

  answer(exchange: KeyExchange): Session {
    const preKey = this.secrets.pre_keys.find(({ id }) => id === exchange.preKeyId)
    expect(exchange.signedPreKeyId).toBe(this.secrets.signed_pre_key.id)
    return respond(this.backend, this.profile, {
      identity: this.identity,
      signedPreKey: keyPairOf(this.backend, unhex(this.secrets.signed_pre_key.priv)),
      preKey: keyPairOf(this.backend, unhex(preKey?.priv as string)),
      exchange,
    })
  }

  receive(bytes: Uint8Array, draws: readonly string[]): Uint8Array {
    const parsed = parseMessage(this.profile, bytes)
    const isExchange = parsed.kind === 'key-exchange'
    const known = this.session && (!isExchange || isExchangeOf(this.session, parsed)) ? this.session : undefined
    const session = known ?? this.answer(parsed as KeyExchange)
    const device = scripted(this.backend, draws)
    const result = decrypt(device, this.profile, session, isExchange ? parsed.message : parsed)
    this.keep(result.session)
    return result.plaintext
  }
}

/** What the sender of an empty message drew, from the end of what the reception before it drew. */
function emptyMaterial(profile: Profile, backend: CryptoBackend, event: Event, draws: readonly string[]): Uint8Array {
  if (profile.name === 'omemo2') return emptyOmemo2KeyMaterial()
  const [iv, key] = draws.slice(-2) as [string, string]
  expect(hex(textOf(event.encrypted_xml, 'iv'))).toBe(iv)
  expect(emptyLegacyPayload(backend).keyMaterial).toHaveLength(16)
  return unhex(key)
}

function expectPayload(profile: Profile, backend: CryptoBackend, event: Event): Uint8Array {
  const plaintext = utf8Bytes(event.plaintext as string)
  const payload = textOf(event.encrypted_xml, 'payload')
  const keyMaterial = concatBytes(unhex(event.content_key), unhex(event.content_tag))
  if (profile.name === 'legacy') {
    const iv = textOf(event.encrypted_xml, 'iv')
    expect(encryptLegacyPayload(scripted(backend, event.random_drawn.slice(0, 2)), plaintext)).toEqual({
      payload,
      iv,
      keyMaterial,
    })
    expect(decryptLegacyPayload(backend, { payload, iv, keyMaterial })).toEqual(plaintext)
  } else {
    const made = encryptOmemo2Payload(scripted(backend, event.random_drawn.slice(0, 1)), plaintext)
    expect(made).toEqual({ payload, keyMaterial })
    expect(decryptOmemo2Payload(backend, made)).toEqual(plaintext)
  }
  return keyMaterial
}

function play(backend: CryptoBackend, scenario: Scenario): void {
  const profile = profileOf(scenario.ns)
  const { initial, events } = scenario
  const peers = {
    alice: new Peer(backend, profile, initial.alice.secrets),
    bob: new Peer(backend, profile, initial.bob.secrets),
  }
  const sent = new Map<string, { bytes: Uint8Array; material: Uint8Array }>()
  let drawnBefore: readonly string[] = []
  for (const event of events) {
    if (event.op === 'receive') {
      const { bytes, material } = sent.get(event.name) as { bytes: Uint8Array; material: Uint8Array }
      const attempt = () => peers[event.by].receive(bytes, event.random_drawn)
      if (event.ok) expect(attempt(), event.name).toEqual(material)
      else expect(attempt, event.name).toThrow(expect.objectContaining({ code: 'replayed' }))
      drawnBefore = event.random_drawn
      continue
    }
    const sender = peers[event.from]
    const recorded = textOf(event.encrypted_xml, 'key ')
    const material =
      event.op === 'send' ? expectPayload(profile, backend, event) : emptyMaterial(profile, backend, event, drawnBefore)
    if (!sender.session) {
      const bundle = verifyBundle(backend, profile, bundleOf(profile, initial[event.to].bundle_xml))
      expect(bundle.dropped).toBe(0)
      const { preKeyId } = parseMessage(profile, recorded) as KeyExchange
      const device = scripted(backend, event.random_drawn.slice(-2))
      sender.keep(initiate(device, profile, { identity: sender.identity, bundle, preKeyId }))
    }
    const result = encrypt(backend, profile, sender.session as Session, material)
    expect(hex(result.bytes), event.name).toBe(hex(recorded))
    expect(result.isKeyExchange).toBe(parseMessage(profile, recorded).kind === 'key-exchange')
    sender.keep(result.session)
    sent.set(event.name, { bytes: recorded, material })
  }
}

describe.each(backends)('$name', (backend) => {
  test.each(scenarios)(
    'OMEMO A1: every byte of a conversation, $ns, sign bits $alice_ik_sign_bit and $bob_ik_sign_bit',
    (scenario) => {
      play(backend, scenario)
    },
  )

  test.each(scenarios)(
    'OMEMO A7: the signed prekeys of $ns, sign bits $alice_ik_sign_bit and $bob_ik_sign_bit',
    (scenario) => {
      const profile = profileOf(scenario.ns)
      for (const who of ['alice', 'bob'] as const) {
        const { secrets, bundle_xml } = scenario.initial[who]
        const { identity } = new Peer(backend, profile, secrets)
        const bundle = bundleOf(profile, bundle_xml)
        expect(hex(identity.ed25519)).toBe(secrets.identity_ed25519)
        expect(profile.encodeIdentity(identity)).toEqual(bundle.identityKey)
        const checked = verifyBundle(backend, profile, bundle)
        expect(hex(checked.signedPreKey.publicKey)).toBe(secrets.signed_pre_key.pub)
        expect(checked.preKeys).toHaveLength(secrets.pre_keys.length)
        // Ours, of the same key, is accepted in its place.
        const signature = sign(backend, profile, identity, bundle.signedPreKey.publicKey)
        verifyBundle(backend, profile, { ...bundle, signedPreKey: { ...bundle.signedPreKey, signature } })
      }
    },
  )
})
