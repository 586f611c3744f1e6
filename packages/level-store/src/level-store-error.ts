import { type Retry, XmppError } from '@couplet/stanza'

/** Why a {@link levelStore} failed: `corrupt`, the entry is not one of ours; `io`, the database said no. */
export type LevelStoreErrorCode = 'corrupt' | 'io'

/** The database of a {@link levelStore} could not be read or written; what it said is the `cause`. */
export class LevelStoreError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'LevelStoreError'
  readonly code: LevelStoreErrorCode
  readonly retry: Retry

  constructor(code: LevelStoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retry = code === 'corrupt' ? 'user' : 'backoff'
  }
}
