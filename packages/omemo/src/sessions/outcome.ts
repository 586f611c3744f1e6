import type { InboundMessage } from '@couplet/client'
import type { XmlElement } from '@couplet/stanza'
import type { OmemoErrorCode } from '../omemo-error.js'
import type { TrustLevel } from '../trust/trust-record.js'
import type { VersionName } from '../wire/version.js'

/** The device that has sent a message, or says so. */
export interface SenderDevice {
  /** The bare JID of its account. */
  readonly jid: string
  /** Its id. */
  readonly deviceId: number
  /** Which version it has used. */
  readonly version: VersionName
}

/** What a decrypted message holds. */
export interface DecryptedContent {
  /** The message with what was encrypted in the place of the encrypted element, and nothing else that was outside of it. */
  readonly message: InboundMessage
  /** The elements that were encrypted. */
  readonly content: readonly XmlElement[]
  /** Its text. */
  readonly body: string | undefined
  /** Who has encrypted it. */
  readonly device: SenderDevice
  /** The identity key of that device in the X25519 form. */
  readonly identityKey: Uint8Array
  /** How far that key is trusted; `undecided` is for the user to see. */
  readonly trust: TrustLevel
  /** Whether the sender is named inside, so that nobody can have passed it on as his own (OMEMO S5). */
  readonly boundFrom: boolean
  /** Whether the recipient is named inside, so that it was meant for this chat (OMEMO S5, S6). */
  readonly boundTo: boolean
  /** When it was encrypted, according to its sender. */
  readonly time: Date | undefined
  /** A hash of what everybody has received: devices that were sent different things can compare it (OMEMO S4). */
  readonly payloadHash: Uint8Array
  /** The room it was said in. */
  readonly room: string | undefined
}

/** Why a message could not be decrypted. */
export type FailureReason = OmemoErrorCode | 'envelope' | 'too-many-devices' | 'unknown-sender' | 'unsupported'

/** What has become of an encrypted message: one of these, always. */
export type OmemoOutcome =
  | (DecryptedContent & { readonly status: 'decrypted'; readonly journalId: string })
  /** It manages a session and says nothing (XEP-0384 §5.5). */
  | { readonly status: 'empty'; readonly device: SenderDevice }
  /** It was decrypted before: nothing to show. */
  | { readonly status: 'duplicate'; readonly device: SenderDevice }
  /** It was encrypted for other devices only. */
  | { readonly status: 'not-for-this-device'; readonly device: SenderDevice }
  /** This device has sent it. */
  | { readonly status: 'own-echo'; readonly device: SenderDevice; readonly id: string | undefined }
  /** It is authentic, and its sender is distrusted. */
  | { readonly status: 'distrusted'; readonly device: SenderDevice }
  /** Another device tells which keys its user has compared (XEP-0450); it says nothing else. */
  | { readonly status: 'trust-message'; readonly device: SenderDevice }
  /** The contact wants plain text from now on (XEP-0384 §5.7). */
  | { readonly status: 'opt-out'; readonly device: SenderDevice; readonly reason: string | undefined }
  /** It could not be decrypted; the fallback text beside it is not what was said. */
  | {
      readonly status: 'failed'
      readonly reason: FailureReason
      readonly device: SenderDevice | undefined
      /** Whether it may be decrypted when it comes once more: nothing was consumed. */
      readonly recoverable: boolean
    }

/** Keeps what it says out of logs and JSON (OMEMO S23). */
export function guarded<T extends OmemoOutcome>(outcome: T): T {
  if (outcome.status !== 'decrypted' && outcome.status !== 'opt-out') return outcome
  const { status, device } = outcome
  const value = (): object => ({ status, device })
  return Object.defineProperties(outcome, { toJSON: { value }, [Symbol.for('nodejs.util.inspect.custom')]: { value } })
}
