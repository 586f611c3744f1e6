/**
 * XEP-0402: PEP Native Bookmarks (1.2.0).
 *
 * @module
 */

export { type Bookmarks, bookmarks } from './bookmarks.js'
export { BookmarksNotice, NS_BOOKMARKS } from './elements.js'
