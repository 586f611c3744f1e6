import { XmppError } from '@couplet/stanza'

/** Why there are no push notifications: `not-supported` by the server of the account, or not for this account. */
export type PushErrorCode = 'not-supported'

/** Push notifications cannot be had. */
export class PushError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'PushError'
  readonly code: PushErrorCode
  readonly retry = 'no'

  /** @internal */
  constructor(code: PushErrorCode) {
    super('the server sends no push notifications for this account')
    this.code = code
  }
}
