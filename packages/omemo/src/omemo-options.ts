import type { StateStore } from '@couplet/client'
import type { CryptoBackend } from './crypto/backend.js'
import type { Clock } from './devices/clock.js'
import type { LockPort } from './store/store-lock.js'
import type { TrustPolicy } from './trust/trust-policy.js'
import type { VersionName } from './wire/version.js'

/** What is left to decide apart from trust. */
export interface OmemoPolicy {
  /**
   * What to do when some devices speak omemo:2 and others only 0.3: both elements in one message (`one-stanza`, default), a
   * message each (`two-stanzas`), or 0.3 for all who speak it (`legacy-only`).
   */
  readonly mixed?: 'one-stanza' | 'two-stanzas' | 'legacy-only' | undefined
  /**
   * Who gets an empty message when they have begun a session, which tells them that we are here: those who may know
   * (`contacts`, default), everybody, or nobody. Everybody gets one with the first thing that we write (OMEMO S19).
   */
  readonly completion?: 'contacts' | 'always' | 'never' | undefined
  /**
   * Whether a broken session is replaced without asking: in 0.3, at most once a day and device (`once`, default), or not at
   * all. In omemo:2 that is always for the user to decide: `resetSession` (XEP-0384 §8).
   */
  readonly heal?: 'once' | 'never' | undefined
  /** Whether 0.3 may be used for a device that spoke omemo:2, or was announced for it, and is not any more (OMEMO S9); default `ask`: no. */
  readonly downgrade?: 'ask' | 'allow' | undefined
  /** After so many messages without an answer nothing more is sent to a device; default 106. */
  readonly staleAfter?: number | undefined
  /** The most devices of one account that are used (OMEMO S8); default 50. */
  readonly mostDevices?: number | undefined
}

/** Options of `omemo()`. */
export interface OmemoOptions {
  /** The versions to speak, the preferred one first; default omemo:2 and 0.3. */
  readonly versions?: readonly VersionName[] | undefined
  /** What to think of keys nobody has decided about; default `btbv()`. */
  readonly trust?: TrustPolicy | undefined
  /** What the user calls this device; everybody who writes to us can read it. Default: nothing. */
  readonly label?: string | undefined
  /** Where keys and sessions are kept, apart for each account; default the client's store. */
  readonly store?: StateStore | undefined
  /** Keeps other tabs and processes out that share the store; default the store's claims, or Web Locks; without either we are alone. */
  readonly locks?: LockPort | undefined
  /** What calculates; default the platform's where it is faster. */
  readonly crypto?: CryptoBackend | undefined
  /** Time, for tests. */
  readonly clock?: Clock | undefined
  /** Whether this device is announced at the first session; default true. With false `enable()` does it. */
  readonly automatic?: boolean | undefined
  /** Whether somebody may see our presence anyway, such as a contact: then empty messages tell nothing new. Default: nobody. */
  readonly isContact?: ((jid: string) => boolean) | undefined
  /** The rest. */
  readonly policy?: OmemoPolicy | undefined
}
