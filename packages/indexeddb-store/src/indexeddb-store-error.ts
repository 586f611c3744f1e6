import { type Retry, XmppError } from '@couplet/stanza'

/**
 * Why the database could not be used: `unavailable` in this browser or window; `blocked` by another window that does not
 * let go of it; `incompatible`, as a later release or somebody else made it; `full`; `io`, the browser said no; `closed`
 * by this program.
 */
export type IndexedDbStoreErrorCode = 'unavailable' | 'blocked' | 'incompatible' | 'full' | 'io' | 'closed'

const retries: Readonly<Record<IndexedDbStoreErrorCode, Retry>> = {
  unavailable: 'no',
  blocked: 'backoff',
  incompatible: 'user',
  full: 'user',
  io: 'backoff',
  closed: 'no',
}

/** The database of an {@link indexedDbStore} could not be read or written. */
export class IndexedDbStoreError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'IndexedDbStoreError'
  readonly code: IndexedDbStoreErrorCode
  readonly retry: Retry

  constructor(code: IndexedDbStoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined || cause === null ? undefined : { cause })
    this.code = code
    this.retry = retries[code]
  }
}

/** What browsers call it, and what we do; see the exceptions of Indexed Database API 3.0. */
const known: ReadonlyMap<unknown, IndexedDbStoreErrorCode> = new Map([
  ['QuotaExceededError', 'full'],
  ['VersionError', 'incompatible'],
  ['NotFoundError', 'incompatible'],
  ['SecurityError', 'unavailable'],
])

/** The error for what the browser reported. */
export function explain(cause: unknown): IndexedDbStoreError {
  const code = known.get((cause as { name?: unknown } | null | undefined)?.name) ?? 'io'
  return new IndexedDbStoreError(code, `IndexedDB failed (${code})`, cause)
}
