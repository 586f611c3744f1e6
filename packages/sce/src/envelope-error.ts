import { XmppError } from '@couplet/stanza'

/**
 * What is wrong with what was decrypted:
 *
 * - `too-large`: beyond the limit; it has not been read.
 * - `not-xml`: not UTF-8, or not one XML document as XMPP has them (RFC 6120 §11).
 * - `not-an-envelope`: another element.
 * - `malformed`: an envelope with a broken or repeated part.
 * - `missing-from`, `missing-to`, `missing-time`: an affix that the profile asks for.
 * - `wrong-from`, `wrong-to`: an affix that contradicts the stanza.
 * - `wrong-time`: too far from the time of the stanza, where the profile refuses that.
 */
export type EnvelopeErrorCode =
  | 'too-large'
  | 'not-xml'
  | 'not-an-envelope'
  | 'malformed'
  | 'missing-from'
  | 'missing-to'
  | 'missing-time'
  | 'wrong-from'
  | 'wrong-to'
  | 'wrong-time'

/** Why an envelope is refused (XEP-0420). Says nothing of what was in it. */
export class EnvelopeError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'EnvelopeError'
  readonly code: EnvelopeErrorCode
  readonly retry = 'no'

  constructor(code: EnvelopeErrorCode, options?: ErrorOptions) {
    super(`the envelope is refused: ${code}`, options)
    this.code = code
  }
}

/** A value, or why there is none. */
export type EnvelopeResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: EnvelopeError }
