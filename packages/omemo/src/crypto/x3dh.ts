import { OmemoError } from '../omemo-error.js'
import type { CryptoBackend } from './backend.js'
import { concatBytes, equalBytes, wipe } from './bytes.js'
import { generateKeyPair, type IdentityKeyPair, isUsableCurveKey, type KeyPair } from './identity.js'
import type { KeyExchange, Profile, RemoteIdentity } from './profile.js'
import { rootStep } from './root-chain.js'
import type { Session } from './session.js'

/** A public key with its number. */
export interface NumberedKey {
  /** As published. */
  readonly id: number
  /** As on the wire in a `RemoteBundle`; 32 raw bytes in a `CheckedBundle`. */
  readonly publicKey: Uint8Array
}

/** A bundle as it was received, nothing checked (XEP-0384 §5.3.2). All keys as on the wire. */
export interface RemoteBundle {
  /** As on the wire. */
  readonly identityKey: Uint8Array
  /** With the signature of the identity. */
  readonly signedPreKey: NumberedKey & { readonly signature: Uint8Array }
  /** One-time prekeys. */
  readonly preKeys: readonly NumberedKey[]
}

/** A bundle of which everything was checked. Made by `verifyBundle` only. */
export interface CheckedBundle {
  /** Of which version. */
  readonly profile: Profile['name']
  /** Checked strictly. */
  readonly identity: RemoteIdentity
  /** 32 raw bytes; the signature was valid. */
  readonly signedPreKey: NumberedKey
  /** The usable ones, 32 raw bytes each, each id once; at least one. */
  readonly preKeys: readonly NumberedKey[]
  /** How many prekeys were left out. */
  readonly dropped: number
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= 0xffffffff
}

function usableKey(profile: Profile, { id, publicKey }: NumberedKey): NumberedKey | undefined {
  if (!isId(id)) return undefined
  try {
    const raw = profile.decodeKey(publicKey)
    return isUsableCurveKey(raw) ? { id, publicKey: raw } : undefined
  } catch {
    return undefined
  }
}

/**
 * Checks a bundle: the identity key strictly, the signature over the signed prekey as it was received, prekeys one by
 * one. Throws `malformed` or `bad-key` for the identity and `bad-bundle` for the rest (XEP-0384 §4.1, OMEMO S10).
 */
export function verifyBundle(backend: CryptoBackend, profile: Profile, bundle: RemoteBundle): CheckedBundle {
  const { signedPreKey: received, preKeys: offered } = bundle
  const identity = profile.decodeIdentity(backend, bundle.identityKey)
  const signedPreKey = usableKey(profile, received)
  if (!signedPreKey || !profile.verify(backend, identity, received.publicKey, received.signature)) {
    throw new OmemoError('bad-bundle')
  }
  const preKeys = new Map<number, NumberedKey>()
  for (const offer of offered) {
    const key = usableKey(profile, offer)
    if (key && !preKeys.has(key.id)) preKeys.set(key.id, key)
  }
  if (preKeys.size === 0) throw new OmemoError('bad-bundle')
  return {
    profile: profile.name,
    identity,
    signedPreKey,
    preKeys: [...preKeys.values()],
    dropped: offered.length - preKeys.size,
  }
}

const prefix = new Uint8Array(32).fill(0xff)

/** HKDF over 32 bytes of 0xff and the four shared secrets, which are wiped (X3DH §3.3). */
function agree(backend: CryptoBackend, profile: Profile, secrets: readonly Uint8Array[]): Uint8Array {
  const material = concatBytes(prefix, ...secrets)
  const key = backend.hkdfSha256(undefined, material, profile.agreementInfo, 32)
  wipe(material, ...secrets)
  return key
}

/** What the initiator brings. */
export interface InitiateOptions {
  /** Our identity. */
  readonly identity: IdentityKeyPair
  /** Of the other device. */
  readonly bundle: CheckedBundle
  /** Which of its prekeys, chosen at random by the caller. */
  readonly preKeyId: number
  /** Our device id, which version 0.3 writes and nobody needs. */
  readonly registrationId?: number | undefined
}

/**
 * Begins a session as the active side: draws the ephemeral key, then the first ratchet key. Its messages carry the key
 * exchange until something decrypts (XEP-0384 §4.2). Throws `no-prekey` when the bundle lacks that prekey.
 */
export function initiate(backend: CryptoBackend, profile: Profile, options: InitiateOptions): Session {
  const { identity, bundle, preKeyId, registrationId } = options
  if (bundle.profile !== profile.name) throw new TypeError('the bundle is of the other version')
  const preKey = bundle.preKeys.find(({ id }) => id === preKeyId)
  if (!preKey) throw new OmemoError('no-prekey')
  const signedPreKey = bundle.signedPreKey.publicKey
  const ephemeral = generateKeyPair(backend)
  const shared = agree(backend, profile, [
    backend.x25519(identity.privateKey, signedPreKey),
    backend.x25519(ephemeral.privateKey, bundle.identity.curve25519),
    backend.x25519(ephemeral.privateKey, signedPreKey),
    backend.x25519(ephemeral.privateKey, preKey.publicKey),
  ])
  wipe(ephemeral.privateKey)
  const ratchet = generateKeyPair(backend)
  const { rootKey, chainKey } = rootStep(backend, profile, shared, ratchet.privateKey, signedPreKey)
  wipe(shared)
  const ephemeralKey = ephemeral.publicKey
  return {
    profile: profile.name,
    initiator: true,
    ownIdentity: profile.encodeIdentity(identity).slice(),
    remoteIdentity: bundle.identity.wire,
    ephemeralKey,
    exchange: { preKeyId, signedPreKeyId: bundle.signedPreKey.id, ephemeralKey, registrationId },
    ratchet,
    rootKey,
    sending: { chainKey, next: 0 },
    previousLength: 0,
    receiving: undefined,
    past: [],
  }
}

/** What the responder brings. */
export interface RespondOptions {
  /** Our identity. */
  readonly identity: IdentityKeyPair
  /** The pair that `exchange.signedPreKeyId` names. */
  readonly signedPreKey: KeyPair
  /** The pair that `exchange.preKeyId` names. */
  readonly preKey: KeyPair
  /** As received. */
  readonly exchange: KeyExchange
}

/**
 * Begins a session as the passive side. Nothing is proven until `decrypt` of the message inside has succeeded: commit
 * only what that returns. Throws `bad-key` for an identity or ephemeral key that is not acceptable (XEP-0384 §4.2).
 */
export function respond(backend: CryptoBackend, profile: Profile, options: RespondOptions): Session {
  const { identity, signedPreKey, preKey, exchange } = options
  const remote = profile.decodeIdentity(backend, exchange.identityKey)
  const rootKey = agree(backend, profile, [
    backend.x25519(signedPreKey.privateKey, remote.curve25519),
    backend.x25519(identity.privateKey, exchange.ephemeralKey),
    backend.x25519(signedPreKey.privateKey, exchange.ephemeralKey),
    backend.x25519(preKey.privateKey, exchange.ephemeralKey),
  ])
  return {
    profile: profile.name,
    initiator: false,
    ownIdentity: profile.encodeIdentity(identity).slice(),
    remoteIdentity: remote.wire,
    ephemeralKey: exchange.ephemeralKey,
    exchange: undefined,
    // A copy: the session's is wiped with it, the prekey's is in use elsewhere.
    ratchet: { publicKey: signedPreKey.publicKey.slice(), privateKey: signedPreKey.privateKey.slice() },
    rootKey,
    sending: undefined,
    previousLength: 0,
    receiving: undefined,
    past: [],
  }
}

/** Whether a key exchange is of this session: then it is just a message for it, never a new session (OMEMO S12, F3). */
export function isExchangeOf(session: Session, exchange: KeyExchange): boolean {
  return equalBytes(session.ephemeralKey, exchange.ephemeralKey)
}
