import { base64 } from '@couplet/stanza'

/**
 * What is thought of a key:
 *
 * - `undecided`: nothing is encrypted for it until somebody decides.
 * - `blind`: used because the policy says so; nobody has looked at it.
 * - `trusted`: used because the user says so, who has not compared it.
 * - `authenticated`: compared by the user, or by somebody whose key is authenticated (XEP-0450).
 * - `distrusted`: not used.
 */
export type TrustLevel = 'undecided' | 'blind' | 'trusted' | 'authenticated' | 'distrusted'

/** What is known of one key of one account, for both versions of OMEMO. JSON can hold it. It is never deleted. */
export interface TrustRecord {
  /** The account, a bare JID. */
  readonly jid: string
  /** The identity key in its Curve25519 form, in base64. */
  readonly key: string
  /** The decision. What it comes to under a policy says `effectiveLevel`. */
  readonly level: TrustLevel
  /** Who has decided. */
  readonly by: 'policy' | 'user' | 'trust-message'
  /** The newest word of the user, on this or another own device. */
  readonly own?: TrustWord
  /** The newest word of another device of the owner. */
  readonly contact?: TrustWord
  /** The identity key as omemo:2 has it on the wire, in base64: other clients name keys by it in trust messages. */
  readonly ed25519?: string
  /** Whether it has ever been trusted on purpose: that ends blind trust for good. */
  readonly verifiedOnce?: true
}

/** What somebody has decided, and when. */
export interface TrustWord {
  /** The decision. */
  readonly level: Exclude<TrustLevel, 'blind'>
  /** When, by the clock of whoever has decided; in milliseconds since 1970. */
  readonly at: number
  /** Whether it was decided here, or came in a trust message. */
  readonly by: 'user' | 'trust-message'
}

/** A decision that waits until its author is authenticated, or its key is known (XEP-0450 §6). JSON can hold it. */
export interface PendingTrust {
  /** Whose key, a bare JID. */
  readonly owner: string
  /** The key in base64, as Curve25519; an identifier in a trust message can mean either of two. */
  readonly keys: readonly string[]
  /** Whether the key is authenticated or distrusted. */
  readonly trust: boolean
  /** When it was decided, in milliseconds since 1970. */
  readonly time: number
  /** The device that says so; without one it was the user. */
  readonly sender?: KeyHolder
}

/** A device by its account and key. */
export interface KeyHolder {
  /** The account, a bare JID. */
  readonly jid: string
  /** The identity key in its Curve25519 form, in base64. */
  readonly key: string
}

/** Whether anything but empty messages may be encrypted for a key of this level. */
export const mayEncryptFor = (level: TrustLevel): boolean =>
  level === 'blind' || level === 'trusted' || level === 'authenticated'

/** The name of a key in records: base64 of its 32 bytes in Curve25519 form, or of the 33 of OMEMO 0.3 without the first. */
export function keyName(curveKey: Uint8Array): string {
  const raw = curveKey.length === 33 && curveKey[0] === 5 ? curveKey.subarray(1) : curveKey
  if (raw.length !== 32) throw new RangeError('an identity key has 32 bytes')
  return base64.encode(raw)
}

/** The bytes of a {@link keyName}. @throws RangeError for other text */
export function keyBytes(name: string): Uint8Array {
  const bytes = base64.decode(name)
  if (bytes?.length !== 32) throw new RangeError('an identity key has 32 bytes')
  return bytes
}
