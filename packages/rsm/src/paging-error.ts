import { XmppError } from '@couplet/stanza'

/** A responder breaks the rules of paging; going on would not end, or lose items. */
export class PagingError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'PagingError'
  readonly retry = 'no'
  /** `repeated-item`: a page ends where an earlier one did; `oversized-page`: more items than were asked for. */
  readonly code: 'repeated-item' | 'oversized-page'

  constructor(code: 'repeated-item' | 'oversized-page') {
    super(code === 'repeated-item' ? 'a page ends where an earlier one did' : 'a page has more items than asked for')
    this.code = code
  }
}
