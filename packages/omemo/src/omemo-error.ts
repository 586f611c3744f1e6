import { type Retry, XmppError } from '@couplet/stanza'

/** What an OMEMO operation failed with; all authentication and padding failures are `bad-mac` (XEP-0384 §5). */
export type OmemoErrorCode =
  | 'bad-mac'
  | 'bad-bundle'
  | 'bad-key'
  | 'malformed'
  | 'obsolete-payload'
  | 'replayed'
  | 'expired'
  | 'too-many-skipped'
  | 'nothing-received'
  | 'exhausted'
  | 'no-prekey'
  | 'corrupt-record'
  | 'newer-record'
  | 'wrong-passphrase'
  | 'bad-backup'
  | 'newer-backup'
  | 'other-account'
  | 'device-exists'
  | 'backup-too-large'
  | 'untrusted'
  | 'no-session'
  | 'no-devices'
  | 'no-text'
  | 'no-bundle'
  | 'identity-conflict'
  | 'downgrade'
  | 'stale-device'
  | 'opted-out'
  | 'encryption-required'
  | 'room-not-suitable'
  | 'bad-file-url'
  | 'bad-file'
  | 'file-too-large'
  | 'file-corrupt'
  | 'file-unavailable'

/** What went wrong, and what a caller can do about it. One fixed sentence each: no key, body or peer text gets in. */
const sentences: Readonly<Record<OmemoErrorCode, readonly [sentence: string, retry: Retry]>> = {
  // What a peer or a server sent.
  'bad-mac': ['the message is not authentic', 'no'],
  'bad-bundle': ['the bundle has no valid signed prekey or no usable prekey', 'no'],
  'bad-key': ['a public key is not acceptable', 'no'],
  malformed: ['what was received has another form', 'no'],
  'obsolete-payload': ['the payload is of a kind that any recipient could have forged', 'no'],
  // Ratchet state.
  replayed: ['the message has been decrypted before', 'no'],
  expired: ['the key of this message was dropped: too many messages came before it', 'no'],
  'too-many-skipped': ['the message skips more keys than are kept', 'no'],
  'nothing-received': ['this session can send only after it has received', 'no'],
  exhausted: ['the sending chain of this session is used up', 'no'],
  'no-prekey': ['the prekey is not, or no longer, there', 'no'],
  // What is stored.
  'corrupt-record': ['a stored record is damaged', 'no'],
  'newer-record': ['a stored record was written by a newer version', 'no'],
  // Backups.
  'wrong-passphrase': ['the passphrase is not that of the backup', 'user'],
  'bad-backup': ['the backup is damaged, or none at all', 'no'],
  'newer-backup': ['the backup was written by a newer version', 'no'],
  'other-account': ['the backup is that of another account', 'no'],
  'device-exists': ['there is a device here already', 'user'],
  'backup-too-large': ['the backup would be larger than what can be read again', 'no'],
  // Who to encrypt for.
  untrusted: ['a device is not trusted', 'user'],
  'no-session': ['there is no session with this device', 'no'],
  'no-devices': ['there is no device to encrypt for', 'user'],
  'no-text': ['the device reads text only, and there is none', 'no'],
  'no-bundle': ['the device has published no bundle', 'backoff'],
  'identity-conflict': ['the device has another identity key than before', 'user'],
  downgrade: ['the device is announced only for an older version than it has spoken', 'user'],
  'stale-device': ['the device has not answered for too long', 'no'],
  'opted-out': ['the contact wants plain text; the user has not agreed yet', 'user'],
  'encryption-required': ['this chat is for encrypted messages only', 'user'],
  'room-not-suitable': ['the room is anonymous, or open to everybody', 'no'],
  // Files.
  'bad-file-url': ['the address of the file is not acceptable', 'no'],
  'bad-file': ['the file is described in a way that cannot be trusted or understood', 'no'],
  'file-too-large': ['the file is larger than allowed', 'no'],
  'file-corrupt': ['the file is not the one that its sender has encrypted', 'no'],
  'file-unavailable': ['the file could not be fetched', 'backoff'],
}

/** An OMEMO operation failed. Switch on `code`; the message is fixed per code and holds nothing secret (XEP-0384). */
export class OmemoError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'OmemoError'
  /** The reason. */
  readonly code: OmemoErrorCode
  /** Whether the same call can succeed later. */
  readonly retry: Retry

  /** An error with the sentence of its code. */
  constructor(code: OmemoErrorCode, options?: ErrorOptions) {
    super(sentences[code][0], options)
    this.code = code
    this.retry = sentences[code][1]
  }
}
