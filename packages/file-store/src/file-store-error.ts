import { type Retry, XmppError } from '@couplet/stanza'

/**
 * Why the file could not be used: `locked` by a running process; `lock-lost` to another process, which is in charge now;
 * `corrupt`, so it is left alone; `io`, the system said no; `closed` by this program.
 */
export type FileStoreErrorCode = 'locked' | 'lock-lost' | 'corrupt' | 'io' | 'closed'

const retries: Readonly<Record<FileStoreErrorCode, Retry>> = {
  locked: 'user',
  'lock-lost': 'no',
  corrupt: 'user',
  io: 'backoff',
  closed: 'no',
}

/** The file of a {@link fileStore} could not be read or written. */
export class FileStoreError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'FileStoreError'
  readonly code: FileStoreErrorCode
  readonly retry: Retry
  /** The file. */
  readonly path: string

  constructor(code: FileStoreErrorCode, path: string, message: string, cause?: unknown) {
    super(`${path}: ${message}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.retry = retries[code]
    this.path = path
  }
}
