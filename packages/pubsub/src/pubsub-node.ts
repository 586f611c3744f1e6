import type { CallOptions, Handled, PluginContext, Subscription } from '@couplet/client'
import { type ElementDef, Jid } from '@couplet/stanza'
import {
  getSubscriptions,
  type PubsubSubscription,
  publishItems,
  retractItems,
  subscribeNode,
  unsubscribeNode,
} from './elements.js'
import type { PublishOptions, SubscribeOptions } from './forms/elements.js'
import { type NodeChange, onNodeChange } from './node-change.js'
import { fetchItem, type ItemsOptions, type NodeItem, type NodePlace, walkItems } from './node-items.js'
import { NodeOwner } from './node-owner.js'

/** Options of {@link PubsubNode.publish}. */
export interface PublishCallOptions extends CallOptions {
  /** The id of the item, which takes the place of an item with the same id; default: the service finds one. */
  readonly id?: string | undefined
  /** How the node must be set up, or is set up if it does not exist (XEP-0060 §7.1.5). */
  readonly options?: PublishOptions | undefined
}

/** Which subscription. */
export interface SubscriptionCallOptions extends CallOptions {
  /** Who is told: the account (default), or one of its clients by its full JID. */
  readonly jid?: Jid | string | undefined
}

/**
 * A node of a service, whose items have one definition (XEP-0060). Nothing is asked before a method is called; each
 * rejects with a `StanzaError` if the service refuses, and `error.element.get(PubsubCondition)` may say why exactly.
 */
export class PubsubNode<T> {
  /** Where the node is. */
  readonly service: Jid
  /** Its name there. */
  readonly name: string
  /** What its owner may do. */
  readonly owner: NodeOwner
  readonly #context: PluginContext
  readonly #place: NodePlace<T>

  /** @internal */
  constructor(context: PluginContext, service: Jid, name: string, item: ElementDef<T>) {
    this.service = service
    this.name = name
    this.#context = context
    this.#place = { session: context, service, name, item }
    this.owner = new NodeOwner(this.#place as NodePlace<unknown>)
  }

  /**
   * Publishes an item (§7.1), and returns its id if it is known.
   *
   * @throws StanzaError `conflict` with `precondition-not-met` if the node is not set up as the options say
   */
  async publish(value: T, { id, options, signal }: PublishCallOptions = {}): Promise<string | undefined> {
    const { session, service, name, item } = this.#place
    const publish = { node: name, items: [{ id, payload: item.build(value) }] }
    const result = await session.request(publishItems, { publish, options }, { to: service, signal })
    return result?.publish?.items[0]?.id ?? id
  }

  /** The items, fetched as they are asked for, in the order of the service (§6.5). Unreadable ones are left out. */
  items(options: ItemsOptions = {}): AsyncGenerator<NodeItem<T>, void, undefined> {
    return walkItems(this.#place, options)
  }

  /**
   * One item by its id (§6.5.8); `undefined` if it does not exist.
   *
   * @throws MalformedElementError if it does not have the shape of the definition
   */
  item(id: string, options: CallOptions = {}): Promise<NodeItem<T> | undefined> {
    return fetchItem(this.#place, id, options)
  }

  /**
   * The item that was published last (§6.5.7); `undefined` if there is none.
   *
   * @throws MalformedElementError if it does not have the shape of the definition
   */
  newest(options: CallOptions = {}): Promise<NodeItem<T> | undefined> {
    return fetchItem(this.#place, undefined, options)
  }

  /** Removes an item (§7.2); subscribers are told if `notify` says so, or else if the node is set up like that. */
  async retract(
    id: string,
    { notify, signal }: CallOptions & { readonly notify?: boolean | undefined } = {},
  ): Promise<void> {
    const { session, service, name } = this.#place
    await session.request(retractItems, { node: name, notify, ids: [id] }, { to: service, signal })
  }

  /** Subscribes (§6.1); the result may say that an owner has to agree first (`pending`). */
  async subscribe(
    options: SubscriptionCallOptions & { readonly options?: SubscribeOptions | undefined } = {},
  ): Promise<PubsubSubscription> {
    const { session, service, name } = this.#place
    const jid = this.#subscriber(options.jid)
    const value = { subscribe: { jid, node: name }, options: options.options }
    const result = await session.request(subscribeNode, value, { to: service, signal: options.signal })
    return result?.subscription ?? { jid, node: name, state: 'subscribed' }
  }

  /** Ends a subscription (§6.2). @throws StanzaError `unexpected-request` if there is none */
  async unsubscribe(options: SubscriptionCallOptions & { readonly subid?: string | undefined } = {}): Promise<void> {
    const { session, service, name } = this.#place
    const value = { jid: this.#subscriber(options.jid), node: name, subid: options.subid }
    await session.request(unsubscribeNode, value, { to: service, signal: options.signal })
  }

  /** Our subscriptions to this node (§5.6). */
  async subscriptions({ signal }: CallOptions = {}): Promise<readonly PubsubSubscription[]> {
    const { session, service, name } = this.#place
    const { subscriptions } = await session.request(getSubscriptions, { node: name }, { to: service, signal })
    // Not every service looks at the name in the question.
    return subscriptions.filter(({ node = name }) => node === name)
  }

  /** Calls the handler with what happens to the node, as far as its service tells: see {@link subscribe}. */
  onChange(handler: (change: NodeChange<T>) => Handled): Subscription {
    const { service, name, item } = this.#place
    return onNodeChange(this.#context, service, name, item, handler)
  }

  #subscriber(jid: Jid | string = this.#context.account): Jid {
    return typeof jid === 'string' ? Jid.parse(jid) : jid
  }
}
