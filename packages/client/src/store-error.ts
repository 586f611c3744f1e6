import { type Retry, XmppError } from '@couplet/stanza'

/** `timeout`: the store does not answer. `corrupt`: what it has makes no sense, so it is left alone. */
export type StoreErrorCode = 'timeout' | 'corrupt'

/** The store of a client is of no use to it; the client goes on without it. */
export class StoreError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  readonly retry: Retry

  constructor(code: StoreErrorCode, message: string) {
    super(`store: ${message}`)
    this.code = code
    this.retry = code === 'timeout' ? 'backoff' : 'user'
  }
}
