import type { Plugin, SendHandle } from '@couplet/client'
import { type Jid, message } from '@couplet/stanza'
import { NS_OMEMO, OmemoNotice } from './elements.js'

/** What `client.omemo` offers. */
export interface Omemo {
  /** Sends a notice about the stanza with this id (XEP-0384). */
  notify(to: Jid | string, id: string): SendHandle
}

/** The plugin: `createClient({ plugins: [omemo()] })` (XEP-0384). */
export function omemo(): Plugin<'omemo', Omemo> {
  return {
    name: 'omemo',
    features: [NS_OMEMO],
    needs: {},
    setup: (context) => ({
      notify: (to, id) => context.send(message({ to }, OmemoNotice({ id }))),
    }),
  }
}
