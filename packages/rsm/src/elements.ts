import { attr, child, childText, element, type Infer, optional, text, uint } from '@couplet/stanza'

/** The namespace of result set management (XEP-0059). */
export const NS_RSM = 'http://jabber.org/protocol/rsm'

/** Which page of a result set is wanted (XEP-0059 §2). The schema orders the children by name. */
export const ResultSetRequest = element(NS_RSM, 'set', {
  /** The page after this item. */
  after: optional(childText('after')),
  /** The page before this item; `''` is the last page (§2.5). */
  before: optional(childText('before')),
  /** The page that begins at this position, for want of an id (§2.6). */
  index: optional(childText('index', uint)),
  /** At most this many items; 0 asks for the count alone (§2.7). */
  max: optional(childText('max', uint)),
})
/** The value of the definition of the same name. */
export type ResultSetRequest = Infer<typeof ResultSetRequest>

/** Which page of a result set this is (XEP-0059 §2.2). An empty page has neither first nor last. */
export const ResultSet = element(NS_RSM, 'set', {
  /** The size of the whole set; may be approximate. */
  count: optional(childText('count', uint)),
  /** The first item of the page, and its position in the whole set if the responder knows it. */
  first: optional(child(element(NS_RSM, 'first', { index: optional(attr('index', uint)), id: text() }))),
  /** The id of the last item of the page. */
  last: optional(childText('last')),
})
/** The value of the definition of the same name. */
export type ResultSet = Infer<typeof ResultSet>
