import type { Plugin, SendHandle } from '@couplet/client'
import { type Jid, message } from '@couplet/stanza'
import { AdhocNotice, NS_ADHOC } from './elements.js'

/** What `client.adhoc` offers. */
export interface Adhoc {
  /** Sends a notice about the stanza with this id (XEP-0050). */
  notify(to: Jid | string, id: string): SendHandle
}

/** The plugin: `createClient({ plugins: [adhoc()] })` (XEP-0050). */
export function adhoc(): Plugin<'adhoc', Adhoc> {
  return {
    name: 'adhoc',
    features: [NS_ADHOC],
    needs: {},
    setup: (context) => ({
      notify: (to, id) => context.send(message({ to }, AdhocNotice({ id }))),
    }),
  }
}
