import type { Plugin, SendHandle } from '@couplet/client'
import { type Jid, message } from '@couplet/stanza'
import { InvitesNotice, NS_INVITES } from './elements.js'

/** What `client.invites` offers. */
export interface Invites {
  /** Sends a notice about the stanza with this id (XEP-0401). */
  notify(to: Jid | string, id: string): SendHandle
}

/** The plugin: `createClient({ plugins: [invites()] })` (XEP-0401). */
export function invites(): Plugin<'invites', Invites> {
  return {
    name: 'invites',
    features: [NS_INVITES],
    needs: {},
    setup: (context) => ({
      notify: (to, id) => context.send(message({ to }, InvitesNotice({ id }))),
    }),
  }
}
