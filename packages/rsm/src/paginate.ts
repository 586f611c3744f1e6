import type { ResultSet, ResultSetRequest } from './elements.js'
import { PagingError } from './paging-error.js'

/** What paging needs to know of a response; whatever else it holds is passed on. */
export interface ResultPage {
  /** The page's place in the result set; without it there are no other pages. */
  readonly page?: ResultSet | undefined
  /** Whether the responder says that this is the last page. */
  readonly complete?: boolean | undefined
}

/**
 * All pages of a result set, each fetched when it is asked for (XEP-0059 §2.2, §2.3): forwards, or backwards if the first
 * request has `before`. Ends after a page that is complete or empty; `break` ends it early. What `fetch` throws is thrown.
 *
 * @param first the request for the first page; its `max` is that of all pages
 * @param fetch gets one page
 * @throws PagingError for a page that ends where an earlier one did
 */
export async function* paginate<P extends ResultPage>(
  first: ResultSetRequest,
  fetch: (request: ResultSetRequest) => Promise<P>,
): AsyncGenerator<P, void, undefined> {
  const { max } = first
  const seen = new Set<string>()
  for (let request = first; ; ) {
    const response = await fetch(request)
    const { page, complete } = response
    const edge = first.before === undefined ? page?.last : page?.first?.id
    if (edge !== undefined && seen.has(edge)) throw new PagingError('repeated-item')
    yield response
    if (complete || edge === undefined) return
    seen.add(edge)
    request = first.before === undefined ? { max, after: edge } : { max, before: edge }
  }
}
