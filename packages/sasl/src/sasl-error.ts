/** Why an attempt failed; switch on this, never on the message. */
export type SaslErrorCode =
  | 'server-signature' // the server did not prove that it knows the secret: treat as an impostor
  | 'nonce' // the server's nonce does not extend ours (RFC 5802 §5.1)
  | 'iterations' // iteration count that is no number, or outside 4,096 to 1,000,000
  | 'malformed' // a message out of place or against its grammar, or a name or password SASLprep forbids
  | 'channel-binding' // the announcements contradict each other (XEP-0440 business rules)
  | 'downgrade' // below the pinned minimum, or the server's list is not the one we saw (XEP-0474)
  | 'no-mechanism' // nothing offered fits the credentials and the policy
  | 'encryption-required' // something offered would fit, on a secure channel only
  | 'aborted' // `abort()` was called
  | 'server-error' // the server said no inside the mechanism; see `condition`

/** The one error of this package; it never carries a secret. */
export class SaslError extends Error {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'SaslError'
  /** What went wrong. */
  readonly code: SaslErrorCode
  /** The mechanism that was running, if any. */
  readonly mechanism: string | undefined
  /** What the server said with `server-error`: printable ASCII, at most 64 characters. */
  readonly condition: string | undefined

  constructor(code: SaslErrorCode, message: string, mechanism?: string, condition?: string) {
    super(message)
    this.code = code
    this.mechanism = mechanism
    this.condition = condition
  }
}

/** Ends a mechanism with an error that names it. */
export function refuse(mechanism: string, code: SaslErrorCode, problem: string): never {
  throw new SaslError(code, `${mechanism}: ${problem}`, mechanism)
}

/** The error for what a server reported, cut down to what may appear in a message or a log. */
export function serverError(mechanism: string, reported: string): SaslError {
  const condition = reported.slice(0, 64).replace(/[^!-~]/g, '')
  return new SaslError('server-error', `${mechanism}: the server reports ${condition}`, mechanism, condition)
}
