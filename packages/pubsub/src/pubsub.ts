import type { Handled, Plugin, Subscription } from '@couplet/client'
import { type ElementDef, Jid } from '@couplet/stanza'
import { type ChangeOrigin, type NodeChange, onNodeChange } from './node-change.js'
import { PubsubNode } from './pubsub-node.js'

/** What `client.pubsub` offers. */
export interface Pubsub {
  /**
   * A node of a service, with the definition of its items.
   *
   * @throws InvalidJidError
   */
  node<T>(service: Jid | string, name: string, item: ElementDef<T>): PubsubNode<T>
  /**
   * Calls the handler with what happens to nodes of this name that are not known one by one, such as those of contacts:
   * of any account or service (`anyAccount`), or of the own account.
   */
  onChange<T>(
    origin: ChangeOrigin,
    name: string,
    item: ElementDef<T>,
    handler: (change: NodeChange<T>) => Handled,
  ): Subscription
}

/** The plugin: nodes with typed items, and what happens to them (XEP-0060). */
export function pubsub(): Plugin<'pubsub', Pubsub> {
  return {
    name: 'pubsub',
    needs: {},
    setup(context) {
      return {
        node: (service, name, item) =>
          new PubsubNode(context, typeof service === 'string' ? Jid.parse(service) : service, name, item),
        onChange: (origin, name, item, handler) => onNodeChange(context, origin, name, item, handler),
      }
    },
  }
}
