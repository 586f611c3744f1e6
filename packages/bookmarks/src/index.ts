/**
 * XEP-0402: PEP Native Bookmarks (1.2.0), and bringing in those of XEP-0048: Bookmarks (1.2).
 *
 * @module
 */

export { Bookmark, type BookmarkUpdate } from './bookmark.js'
export type { BookmarkChange } from './bookmark-set.js'
export { type Bookmarks, bookmarks } from './bookmarks.js'
export {
  bookmarksNode,
  Conference,
  NS_BOOKMARKS,
  NS_BOOKMARKS_COMPAT,
  NS_BOOKMARKS_COMPAT_PEP,
  NS_OLD_BOOKMARKS,
  OldBookmarks,
  OldConference,
  oldBookmarksNode,
  type UnknownContent,
} from './elements.js'
export { type JoinBookmarkedOptions, type JoiningMuc, type JoinOutcome, joinBookmarked } from './join-bookmarked.js'
