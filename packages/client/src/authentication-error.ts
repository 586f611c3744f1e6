import { type Retry, XmppError } from '@couplet/stanza'

/** How the login failed, from our side; the server's own conditions are those of RFC 6120 §6.5. */
export type AuthenticationCode =
  | 'server-signature'
  | 'channel-binding'
  | 'downgrade'
  | 'no-mechanism'
  | 'malformed'
  | (string & {})

/** The login failed: the server refused us, or did not prove to know our secret. Never retried by itself. */
export class AuthenticationError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'AuthenticationError'
  readonly code: AuthenticationCode
  readonly retry: Retry
  /** The SASL mechanism, if one was chosen. */
  readonly mechanism: string | undefined
  /** The condition of RFC 6120 §6.5 that the server gave, or ours. */
  readonly condition: string
  /** The text that came with it. Not part of `message`, because the server wrote it. */
  readonly text: string | undefined

  constructor(
    condition: string,
    options: { mechanism?: string | undefined; text?: string | undefined; cause?: unknown } = {},
  ) {
    const { mechanism, text, cause } = options
    super(`${mechanism ?? 'SASL'}: ${condition}`, cause === undefined ? undefined : { cause })
    this.condition = condition
    this.code = condition
    this.retry = condition === 'temporary-auth-failure' ? 'backoff' : 'user'
    this.mechanism = mechanism
    this.text = text
  }
}
