import type { Plugin, SendHandle } from '@couplet/client'
import { type Jid, message } from '@couplet/stanza'
import { NS_VCARD, VcardNotice } from './elements.js'

/** What `client.vcard` offers. */
export interface Vcard {
  /** Sends a notice about the stanza with this id (XEP-0054). */
  notify(to: Jid | string, id: string): SendHandle
}

/** The plugin: `createClient({ plugins: [vcard()] })` (XEP-0054). */
export function vcard(): Plugin<'vcard', Vcard> {
  return {
    name: 'vcard',
    features: [NS_VCARD],
    needs: {},
    setup: (context) => ({
      notify: (to, id) => context.send(message({ to }, VcardNotice({ id }))),
    }),
  }
}
