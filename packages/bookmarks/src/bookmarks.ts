import type { Plugin, SendHandle } from '@couplet/client'
import { type Jid, message } from '@couplet/stanza'
import { BookmarksNotice, NS_BOOKMARKS } from './elements.js'

/** What `client.bookmarks` offers. */
export interface Bookmarks {
  /** Sends a notice about the stanza with this id (XEP-0402). */
  notify(to: Jid | string, id: string): SendHandle
}

/** The plugin: `createClient({ plugins: [bookmarks()] })` (XEP-0402). */
export function bookmarks(): Plugin<'bookmarks', Bookmarks> {
  return {
    name: 'bookmarks',
    features: [NS_BOOKMARKS],
    needs: {},
    setup: (context) => ({
      notify: (to, id) => context.send(message({ to }, BookmarksNotice({ id }))),
    }),
  }
}
