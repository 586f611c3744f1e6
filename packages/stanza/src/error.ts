/** What a caller can do about an error: nothing, try again later, or ask the user. */
export type Retry = 'no' | 'backoff' | 'user'

const brand = Symbol.for('couplet.error')

/**
 * The base of every error this SDK throws or rejects with. Switch on `code`, never on the message.
 *
 * Programmer mistakes are `TypeError` or `RangeError`; abort and timeout reject with `signal.reason`.
 */
export abstract class XmppError extends Error {
  /** The machine-readable reason; each subclass narrows it. */
  abstract readonly code: string
  /** Whether the same call can succeed later, without or with the user's help. */
  abstract readonly retry: Retry

  // Not `instanceof`: two copies of a package in one process must recognise each other's errors.
  /** @internal */
  get [brand](): true {
    return true
  }

  /** Whether `value` is an error of this SDK, also one made by another copy of the package. */
  static is(value: unknown): value is XmppError {
    return value instanceof Error && (value as { [brand]?: unknown })[brand] === true
  }
}
