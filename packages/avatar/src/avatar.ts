import type { Plugin, SendHandle } from '@couplet/client'
import { type Jid, message } from '@couplet/stanza'
import { AvatarNotice, NS_AVATAR } from './elements.js'

/** What `client.avatar` offers. */
export interface Avatar {
  /** Sends a notice about the stanza with this id (XEP-0084). */
  notify(to: Jid | string, id: string): SendHandle
}

/** The plugin: `createClient({ plugins: [avatar()] })` (XEP-0084). */
export function avatar(): Plugin<'avatar', Avatar> {
  return {
    name: 'avatar',
    features: [NS_AVATAR],
    needs: {},
    setup: (context) => ({
      notify: (to, id) => context.send(message({ to }, AvatarNotice({ id }))),
    }),
  }
}
