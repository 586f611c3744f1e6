import type { CryptoBackend } from './backend.js'
import type { IdentityKeyPair } from './identity.js'

/** What a ratchet message says in the clear. */
export interface MessageHeader {
  /** The sender's ratchet key, 32 raw bytes. */
  readonly ratchetKey: Uint8Array
  /** The number of the message in its chain. */
  readonly n: number
  /** The length of the sender's previous chain; some senders announce one less (XEP-0384 §4.3). */
  readonly pn: number
}

/** A ratchet message as it was received (XEP-0384 §4.3). */
export interface RatchetMessage extends MessageHeader {
  /** How it came. */
  readonly kind: 'message'
  /** The encrypted content. */
  readonly ciphertext: Uint8Array
  /** The received bytes that the MAC covers; never written anew. */
  readonly authenticated: Uint8Array
  /** The truncated MAC. */
  readonly mac: Uint8Array
}

/** What a key exchange carries beside its message, which is repeated until something decrypts. */
export interface ExchangeHeader {
  /** The one-time prekey of the receiver. */
  readonly preKeyId: number
  /** The signed prekey of the receiver. */
  readonly signedPreKeyId: number
  /** The sender's ephemeral key, 32 raw bytes. It names the session: a repeated one starts no other. */
  readonly ephemeralKey: Uint8Array
  /** Of version 0.3: the sender's device id, without meaning for us. */
  readonly registrationId?: number | undefined
}

/** A key exchange as it was received: the first messages of a session (XEP-0384 §4.2). */
export interface KeyExchange extends ExchangeHeader {
  /** How it came. */
  readonly kind: 'key-exchange'
  /** The sender's identity key as on the wire; not checked yet. */
  readonly identityKey: Uint8Array
  /** The message inside. */
  readonly message: RatchetMessage
}

/** Either kind; which one is told by the first tag, never by an attribute. */
export type ParsedMessage = RatchetMessage | KeyExchange

/** An identity key of somebody else in its forms. */
export interface RemoteIdentity {
  /** As received; it goes into the associated data. */
  readonly wire: Uint8Array
  /** The X25519 form: what fingerprints and trust are about, in both versions. */
  readonly curve25519: Uint8Array
}

/** What tells one version of the protocol from the other; the ratchet is the same (XEP-0384 §4). */
export interface Profile {
  /** Short name, also in stored sessions. */
  readonly name: 'legacy' | 'omemo2'
  /** The namespace of its elements. */
  readonly namespace: string
  /** HKDF info of the key agreement. */
  readonly agreementInfo: Uint8Array
  /** HKDF info of the root chain. */
  readonly rootInfo: Uint8Array
  /** HKDF info of the message keys. */
  readonly messageInfo: Uint8Array
  /** Bytes that are left of the MAC. */
  readonly macLength: number
  /** How an X25519 key is written in bundles. */
  encodeKey(publicKey: Uint8Array): Uint8Array
  /** 32 raw bytes of a key in a bundle. Throws `malformed`. */
  decodeKey(wire: Uint8Array): Uint8Array
  /** Our identity key as on the wire. */
  encodeIdentity(identity: IdentityKeyPair): Uint8Array
  /** Checks an identity key strictly. Throws `bad-key` or `malformed`. */
  decodeIdentity(backend: CryptoBackend, wire: Uint8Array): RemoteIdentity
  /** Signs with the identity, in the form of this version. */
  sign(backend: CryptoBackend, identity: IdentityKeyPair, message: Uint8Array): Uint8Array
  /** Whether a signature by this identity is valid. */
  verify(backend: CryptoBackend, identity: RemoteIdentity, message: Uint8Array, signature: Uint8Array): boolean
  /** What the MAC covers before the message: both identity keys, in the order of this version. */
  associatedData(sender: Uint8Array, receiver: Uint8Array, senderIsInitiator: boolean): Uint8Array
  /** The bytes of a message that the MAC covers. */
  encodeMessage(header: MessageHeader, ciphertext: Uint8Array): Uint8Array
  /** A message with its MAC. */
  seal(authenticated: Uint8Array, mac: Uint8Array): Uint8Array
  /** A sealed message in a key exchange. */
  encodeExchange(header: ExchangeHeader, identityKey: Uint8Array, sealed: Uint8Array): Uint8Array
  /** Reads what `seal` or `encodeExchange` wrote. Throws `malformed`. */
  parse(bytes: Uint8Array): ParsedMessage
}

/** Reads a ratchet message or a key exchange; which one is told by its first tag. Throws `malformed` (XEP-0384 §4.3). */
export function parseMessage(profile: Profile, bytes: Uint8Array): ParsedMessage {
  return profile.parse(bytes)
}

/** Signs with the identity key, in the form of this version: a signed prekey, or a label (XEP-0384 §5.3). */
export function sign(
  backend: CryptoBackend,
  profile: Profile,
  identity: IdentityKeyPair,
  message: Uint8Array,
): Uint8Array {
  return profile.sign(backend, identity, message)
}
