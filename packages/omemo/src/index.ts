/**
 * XEP-0384: OMEMO Encryption (0.9.1), as omemo:2 and as 0.3; XEP-0448: Encryption for stateless file sharing (0.2.0);
 * XEP-0450: Automatic Trust Management (ATM) (0.4.0); XEP-0454: OMEMO Media sharing (0.1.0).
 *
 * @module
 */

export type { Backup, ExportOptions, ImportOptions } from './backup/backup.js'
export type { ChatRule, ChatRules } from './chat-rules.js'
export type { CryptoBackend } from './crypto/backend.js'
export type { DeviceInfo } from './device-list.js'
export type { Clock } from './devices/clock.js'
export { NS_SFS } from './elements.js'
export { type AesgcmMessage, formatAesgcmUrl, parseAesgcmMessage, type SharedFile } from './files/aesgcm-url.js'
export type { ByteSource } from './files/byte-pieces.js'
export { type DecryptOptions, decryptFile, decryptUnverified } from './files/decrypt-file.js'
export { type DownloadOptions, downloadFile, downloadUnverified, type GetFetch } from './files/download-file.js'
export { EncryptedSource, FileMetadata, FileSharing, FileSources, NS_ESFS } from './files/elements.js'
export { type EncryptedFile, type EncryptOptions, encryptFile, type PlainFile } from './files/encrypt-file.js'
export type { FileCipher, FileSecret } from './files/file-cipher.js'
export { type FileDetails, safeFileName, sharedFiles, shareFile } from './files/file-sharing.js'
export type { SecretBytes } from './files/secret-bytes.js'
export type { Followed } from './follow.js'
export { isEncrypted } from './is-encrypted.js'
export { NS_OMEMO_LEGACY } from './legacy/elements.js'
export { omemo } from './omemo.js'
export type { Omemo, ReceiveOptions } from './omemo-api.js'
export { OmemoError, type OmemoErrorCode } from './omemo-error.js'
export type { DeviceAddress, OmemoEvent } from './omemo-event.js'
export { OmemoMessage, type ReplyContent } from './omemo-message.js'
export type { OmemoOptions, OmemoPolicy } from './omemo-options.js'
export { NS_OMEMO, OptOut } from './omemo2/elements.js'
export type {
  EncryptReport,
  EncryptRequest,
  EncryptResult,
  OmemoSent,
  ReachedDevice,
  SendRequest,
} from './outgoing.js'
export type { MucSource, RoomOccupant, RoomSource } from './rooms.js'
export type { ExcludedDevice } from './sessions/audience.js'
export type { DecryptedContent, FailureReason, OmemoOutcome, SenderDevice } from './sessions/outcome.js'
export type { DeviceProblem } from './sessions/recipient.js'
export type { LockPort } from './store/store-lock.js'
export { fingerprint, parseFingerprint } from './trust/fingerprint.js'
export { decideOn, decisionsOf, type UserDecision } from './trust/key-identifier.js'
export { type OmemoUri, omemoLink, omemoUri, parseOmemoUri, type UriDevice } from './trust/omemo-uri.js'
export { atm, btbv, manual, type TrustPolicy, tofu } from './trust/trust-policy.js'
export { keyName, type TrustLevel, type TrustRecord, type TrustWord } from './trust/trust-record.js'
export type { VersionName } from './wire/version.js'
