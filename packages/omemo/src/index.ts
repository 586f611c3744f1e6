/**
 * XEP-0384: OMEMO Encryption (0.9.1), as omemo:2 and as 0.3.
 *
 * @module
 */

export type { Backup, ExportOptions, ImportOptions } from './backup/backup.js'
export type { DeviceInfo } from './device-list.js'
export type { Clock } from './devices/clock.js'
export type { Followed } from './follow.js'
export { NS_OMEMO_LEGACY } from './legacy/elements.js'
export { type Omemo, omemo, type ReceiveOptions } from './omemo.js'
export { OmemoError, type OmemoErrorCode } from './omemo-error.js'
export type { DeviceAddress, OmemoEvent } from './omemo-event.js'
export { OmemoMessage, type ReplyContent } from './omemo-message.js'
export type { OmemoOptions, OmemoPolicy } from './omemo-options.js'
export { NS_OMEMO, OptOut } from './omemo2/elements.js'
export type {
  ChatRules,
  EncryptReport,
  EncryptRequest,
  EncryptResult,
  OmemoSent,
  ReachedDevice,
  SendRequest,
} from './outgoing.js'
export type { ExcludedDevice } from './sessions/audience.js'
export type { DecryptedContent, FailureReason, OmemoOutcome, SenderDevice } from './sessions/outcome.js'
export type { DeviceProblem } from './sessions/recipient.js'
export type { LockPort } from './store/store-lock.js'
export type { UserDecision } from './trust/key-identifier.js'
export { atm, btbv, manual, type TrustPolicy, tofu } from './trust/trust-policy.js'
export type { TrustLevel } from './trust/trust-record.js'
export type { VersionName } from './wire/version.js'
