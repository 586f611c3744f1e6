import type { Plugin, SendHandle } from '@couplet/client'
import { type Jid, message } from '@couplet/stanza'
import { NS_VCARD4, Vcard4Notice } from './elements.js'

/** What `client.vcard4` offers. */
export interface Vcard4 {
  /** Sends a notice about the stanza with this id (XEP-0292). */
  notify(to: Jid | string, id: string): SendHandle
}

/** The plugin: `createClient({ plugins: [vcard4()] })` (XEP-0292). */
export function vcard4(): Plugin<'vcard4', Vcard4> {
  return {
    name: 'vcard4',
    features: [NS_VCARD4],
    needs: {},
    setup: (context) => ({
      notify: (to, id) => context.send(message({ to }, Vcard4Notice({ id }))),
    }),
  }
}
