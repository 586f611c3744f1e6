import type { Plugin, SendHandle } from '@couplet/client'
import { type Jid, message } from '@couplet/stanza'
import { NS_PUSH, PushNotice } from './elements.js'

/** What `client.push` offers. */
export interface Push {
  /** Sends a notice about the stanza with this id (XEP-0357). */
  notify(to: Jid | string, id: string): SendHandle
}

/** The plugin: `createClient({ plugins: [push()] })` (XEP-0357). */
export function push(): Plugin<'push', Push> {
  return {
    name: 'push',
    features: [NS_PUSH],
    needs: {},
    setup: (context) => ({
      notify: (to, id) => context.send(message({ to }, PushNotice({ id }))),
    }),
  }
}
