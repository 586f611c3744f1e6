import type { TrustMessage } from '@couplet/trust-messages'
import type { UserDecision } from './key-identifier.js'
import type { TrustChange } from './trust-book.js'
import type { KeyHolder, PendingTrust, TrustRecord } from './trust-record.js'

/** A key that a device list and its bundles have shown. */
export interface SeenKey {
  /** The identity key in Curve25519 form, 32 bytes or the 33 of OMEMO 0.3. */
  readonly key: Uint8Array
  /** The same as omemo:2 has it on the wire, if it was seen there. */
  readonly ed25519?: Uint8Array | undefined
}

/** What can change what is thought of keys. `at` is now, in milliseconds since 1970. */
export type TrustEvent =
  /** Keys of an account are known, whether new or not: all that one list has, in one event. */
  | { readonly type: 'keys'; readonly jid: string; readonly keys: readonly SeenKey[]; readonly at: number }
  /** The user has decided. */
  | { readonly type: 'decisions'; readonly decisions: readonly UserDecision[]; readonly at: number }
  /** A trust message was decrypted and its envelope names its sender and its time (XEP-0434 §5.2.1). */
  | {
      readonly type: 'trust-message'
      readonly message: TrustMessage
      /** Whose session has decrypted it; `jid` is the real one, bare. */
      readonly sender: KeyHolder
      /** The time of the envelope. Without one nothing is done (XEP-0434 §5.2.1). */
      readonly time: Date | undefined
      readonly at: number
    }

/**
 * Why something in a trust message was not acted upon:
 *
 * - `not-automatic`: the policy acts upon none.
 * - `other-usage`: it is for another protocol, or another encryption.
 * - `no-time`, `future`: its time is missing, or an hour or more ahead.
 * - `own-device`: it comes from this device, or is about its key.
 * - `not-entitled`: the sender may not speak about keys of this account (XEP-0450 §5).
 * - `distrusted-sender`: nothing the sender says counts.
 * - `outdated`: something newer was said about the key.
 * - `overruled`: the user has said something else; what a user distrusts no contact brings back.
 * - `no-key`: the identifier is that of no key.
 * - `too-many`: more is waiting already than is kept.
 */
export type TrustIgnored =
  | 'not-automatic'
  | 'other-usage'
  | 'no-time'
  | 'future'
  | 'own-device'
  | 'not-entitled'
  | 'distrusted-sender'
  | 'outdated'
  | 'overruled'
  | 'no-key'
  | 'too-many'

/** A trust message to be sent: encrypted for these devices and no other, in an envelope with padding, time and JIDs. */
export interface OutgoingTrustMessage {
  /** The account, a bare JID. */
  readonly to: string
  /** Keys of its devices; all authenticated. */
  readonly recipients: readonly TrustRecord[]
  /** The content. */
  readonly message: TrustMessage
}

/** What an event comes to: to be stored as a whole before anything is sent. */
export interface TrustOutcome {
  /** Records to be written. */
  readonly records: readonly TrustRecord[]
  /** All that waits now; `undefined` if it is as before. */
  readonly pending: readonly PendingTrust[] | undefined
  /** Of what something else is thought now. */
  readonly changes: readonly TrustChange[]
  /** What is to be sent. */
  readonly outgoing: readonly OutgoingTrustMessage[]
  /** What was not acted upon; empty when all was, or waits. */
  readonly ignored: readonly TrustIgnored[]
}
