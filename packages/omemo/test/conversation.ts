import type { CryptoBackend } from '../src/crypto/backend.js'
import { generateIdentity, generateKeyPair } from '../src/crypto/identity.js'
import {
  type KeyExchange,
  type ParsedMessage,
  type Profile,
  parseMessage,
  type RatchetMessage,
  sign,
} from '../src/crypto/profile.js'
import { decrypt, encrypt } from '../src/crypto/ratchet.js'
import type { Session, SkipLimits } from '../src/crypto/session.js'
import { initiate, respond, verifyBundle } from '../src/crypto/x3dh.js'

/** The ratchet message of what was received, with or without a key exchange around it. */
export function messageOf(parsed: ParsedMessage): RatchetMessage {
  return parsed.kind === 'key-exchange' ? parsed.message : parsed
}

/** A device with one session, which it replaces only when something succeeds. */
export class Device {
  constructor(
    readonly backend: CryptoBackend,
    readonly profile: Profile,
    public session: Session,
  ) {}

  send(plaintext: Uint8Array): Uint8Array {
    const { session, bytes } = encrypt(this.backend, this.profile, this.session, plaintext)
    this.session = session
    return bytes
  }

  receive(bytes: Uint8Array, limits?: SkipLimits): Uint8Array {
    const message = messageOf(parseMessage(this.profile, bytes))
    const { session, plaintext } = decrypt(this.backend, this.profile, this.session, message, limits)
    this.session = session
    return plaintext
  }
}

/** Two devices: alice has a session, bob has answered `first`, but decrypted nothing yet. */
export function pair(backend: CryptoBackend, profile: Profile): { alice: Device; bob: Device; first: Uint8Array } {
  const [own, other] = [generateIdentity(backend), generateIdentity(backend)]
  const [signedPreKey, preKey] = [generateKeyPair(backend), generateKeyPair(backend)]
  const publicKey = profile.encodeKey(signedPreKey.publicKey)
  const bundle = verifyBundle(backend, profile, {
    identityKey: profile.encodeIdentity(other),
    signedPreKey: { id: 1, publicKey, signature: sign(backend, profile, other, publicKey) },
    preKeys: [{ id: 2, publicKey: profile.encodeKey(preKey.publicKey) }],
  })
  const alice = new Device(backend, profile, initiate(backend, profile, { identity: own, bundle, preKeyId: 2 }))
  const first = alice.send(Uint8Array.of(0))
  const exchange = parseMessage(profile, first) as KeyExchange
  const bob = new Device(
    backend,
    profile,
    respond(backend, profile, { identity: other, signedPreKey, preKey, exchange }),
  )
  return { alice, bob, first }
}

/** Two devices that have heard of each other. */
export function acquainted(backend: CryptoBackend, profile: Profile): { alice: Device; bob: Device } {
  const { alice, bob, first } = pair(backend, profile)
  bob.receive(first)
  alice.receive(bob.send(Uint8Array.of(1)))
  return { alice, bob }
}
