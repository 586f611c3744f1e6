import { type Retry, type StanzaError, XmppError } from '@couplet/stanza'
import { FileTooLarge, NS_HTTP_UPLOAD, UploadRetry } from './elements.js'

/**
 * Why a file was not uploaded: the server has `no-service` for it, or none for this purpose (`unsupported-purpose`); the
 * file is too large; the service wants us to `try-later`, for example because of a quota; what it answered must not be
 * followed (`bad-slot`, `redirect`); it `refused` the file; or the file could not be sent (`not-sent`).
 */
export type UploadErrorCode =
  | 'no-service'
  | 'unsupported-purpose'
  | 'file-too-large'
  | 'try-later'
  | 'bad-slot'
  | 'redirect'
  | 'refused'
  | 'not-sent'

/** What comes with some codes. */
export interface UploadErrorDetails {
  /** With `file-too-large`: what the service takes, in bytes, if it says so. */
  readonly maxFileSize?: number | undefined
  /** With `try-later`: when. */
  readonly retryAt?: Date | undefined
  /** With `refused` and `redirect`: the HTTP status, where the platform tells it. */
  readonly status?: number | undefined
  /** What it came from. */
  readonly cause?: unknown
}

/** A file was not uploaded. Addresses and headers, which are secrets, are in none of its own texts. */
export class UploadError extends XmppError implements UploadErrorDetails {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'UploadError'
  readonly code: UploadErrorCode
  readonly retry: Retry
  readonly maxFileSize: number | undefined
  readonly retryAt: Date | undefined
  readonly status: number | undefined

  constructor(code: UploadErrorCode, message: string, details: UploadErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.maxFileSize = details.maxFileSize
    this.retryAt = details.retryAt
    this.status = details.status
    this.retry = isTemporary(code, details.status) ? 'backoff' : 'no'
  }
}

function isTemporary(code: UploadErrorCode, status = 0): boolean {
  return code === 'try-later' || code === 'not-sent' || (code === 'refused' && (status >= 500 || status === 429))
}

/** The refusal of a service with what it says about it (XEP-0363 §6); any other error as it is. */
export function asUploadError(error: unknown): unknown {
  // Not `instanceof`: another copy of the package may have made it.
  if (!(error instanceof Error) || error.name !== 'StanzaError') return error
  const { element } = error as StanzaError
  // That it is there says it, whatever is wrong with the figure in it.
  if (element.child('file-too-large', NS_HTTP_UPLOAD)) return tooLarge(element.get(FileTooLarge)?.maxFileSize, error)
  const retryAt = element.get(UploadRetry)?.stamp
  if (retryAt === undefined) return error
  return new UploadError('try-later', 'the service takes no more files for now', { retryAt, cause: error })
}

/** The error for a file that is larger than the service takes. */
export function tooLarge(maxFileSize: number | undefined, cause?: unknown): UploadError {
  const limit = maxFileSize === undefined ? 'the service takes' : `the ${maxFileSize} bytes that the service takes`
  return new UploadError('file-too-large', `the file is larger than ${limit}`, { maxFileSize, cause })
}
