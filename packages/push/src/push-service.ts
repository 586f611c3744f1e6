import type { InboundRequest, Plugin } from '@couplet/client'
import { type Jid, StanzaError } from '@couplet/stanza'
import { NS_PUSH, type PushNotification, type PushOptions, publishPush } from './elements.js'

/** A notification that an app server has received. */
export interface ReceivedPush {
  /** Which server, or whose account, notifies. */
  readonly from: Jid
  /** The address of ours that was notified. */
  readonly to: Jid
  /** What was given out for the device. */
  readonly node: string
  /** What came with it, such as the secret that proves that the device's user wants it. Empty if there is nothing. */
  readonly options: PushOptions
  /** What it says. */
  readonly notification: PushNotification
}

/**
 * Decides about a notification, and hands it on. A `StanzaError` it throws is the answer: after that the server stops
 * notifying this node (XEP-0357 §7.1).
 */
export type PushReceiver = (push: ReceivedPush) => void | Promise<void>

/**
 * The plugin of an app server, for components: receives notifications of servers (XEP-0357 §7). Anyone can send one, so check
 * that the options have the secret of the node. Say what the component is, too:
 * `disco({ identity: { category: 'pubsub', type: 'push' }, answer: () => true })`.
 */
export function pushService(receive: PushReceiver): Plugin<'pushService', {}> {
  return {
    name: 'pushService',
    features: [NS_PUSH],
    needs: {},
    setup(context) {
      // From anyone: whose server it is, nobody can know beforehand; the secret is what counts (XEP-0357 §3.2).
      context.handle(publishPush, async ({ publish, options = {} }, { from, to }: InboundRequest) => {
        const { node, items } = publish
        const [item, ...more] = items
        // §7: one notification is one item.
        if (item === undefined || more.length > 0) throw new StanzaError({ condition: 'bad-request' })
        await receive({ from, to, node, options, notification: item.notification })
      })
      return {}
    },
  }
}
