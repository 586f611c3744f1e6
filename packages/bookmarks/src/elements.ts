import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0402). */
export const NS_BOOKMARKS = 'urn:xmpp:bookmarks:0'

/** Says that something happened to the stanza with this id (XEP-0402). */
export const BookmarksNotice = element(NS_BOOKMARKS, 'bookmarks', { id: attr('id') })
/** The value of the definition of the same name. */
export type BookmarksNotice = Infer<typeof BookmarksNotice>
