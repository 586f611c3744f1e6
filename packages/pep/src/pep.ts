import type { Caps } from '@couplet/caps'
import type { CallOptions, Handled, Plugin, PluginContext, Subscription } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import type { NodeChange, PublishCallOptions, Pubsub, PubsubNode } from '@couplet/pubsub'
import { type ElementDef, Jid } from '@couplet/stanza'
import { NOTIFY_SUFFIX, type PepNode, type PepOptions, pepNode } from './elements.js'
import { configOf } from './node-setup.js'
import { PublishLadder } from './publish-ladder.js'

/** A kind of node; a definition alone stands for the node that is called like its namespace. */
export type PepTarget<T> = PepNode<T> | ElementDef<T>

/** Options of {@link Pep.publish}; what is given here counts before what the kind of node says. */
export interface PepPublishOptions extends PepOptions, CallOptions {
  /** The id of the item; default `current` (XEP-0060 §12.20), for nodes of several items the server finds one. */
  readonly id?: string | undefined
  /** Looks whether the item is there also if the server has agreed at once; default false. */
  readonly readBack?: boolean | undefined
}

/** Options of {@link Pep.get}. */
export interface PepGetOptions extends CallOptions {
  /** Whose; default the own account. */
  readonly from?: Jid | string | undefined
  /** Which item; default the one that was published last. */
  readonly id?: string | undefined
}

/** Options of {@link Pep.onChange}. */
export interface PepChangeOptions {
  /** Whose changes; default all whom the server tells about, for a private node always `ownAccount`. */
  readonly from?: 'anyAccount' | 'ownAccount' | Jid | string | undefined
}

/** What `client.pep` offers. */
export interface Pep {
  /**
   * Publishes an item in the own account, whatever the server needs for that, and returns its id if it is known.
   *
   * @throws PepError if the node cannot be set up as wanted; with `privacy-not-guaranteed` nothing was sent (S-148)
   * @throws StanzaError if the server refuses for another reason
   */
  publish<T>(node: PepTarget<T>, value: T, options?: PepPublishOptions): Promise<string | undefined>
  /**
   * What somebody has published; `undefined` if nothing.
   *
   * @throws StanzaError if we may not read it
   * @throws MalformedElementError if it does not have the shape of the definition
   */
  get<T>(node: PepTarget<T>, options?: PepGetOptions): Promise<T | undefined>
  /**
   * The node of an account, for everything else: items, retractions, its configuration. Default: of the own account; there
   * its `publish` takes the same care as {@link Pep.publish} if the kind of node says who may read it.
   */
  node<T>(node: PepTarget<T>, from?: Jid | string): PubsubNode<T>
  /**
   * Calls the handler with what the own account and contacts publish from now on, and with the newest item of each when
   * they or we come online. The value is absent if the item was removed or cannot be read: `change.type` says which.
   * What is sent when we come online is sent once: call this before `online()`.
   *
   * The server of a contact asks us first what we want to be told (XEP-0163 §4.3), so the plugin `disco` has to answer it:
   * `disco({ answer: 'contacts' })`. Otherwise contacts on other servers are never heard of.
   */
  onChange<T>(
    node: PepTarget<T>,
    handler: (value: T | undefined, change: NodeChange<T>) => Handled,
    options?: PepChangeOptions,
  ): Subscription
}

/** The plugin: personal events and data of accounts (XEP-0163, XEP-0222, XEP-0223). */
export function pep(): Plugin<'pep', Pep, { pubsub: Pubsub; disco: Disco; caps: Caps }> {
  return {
    name: 'pep',
    // Nothing is asked of caps, but without it no server would know what to tell us (§4.3).
    needs: { pubsub: true, disco: true, caps: true },
    setup(context) {
      const ladder = new PublishLadder(context)
      const place = <T>(kind: PepNode<T>, from: Jid | string = context.account): PubsubNode<T> => {
        const create = (): PubsubNode<T> => context.pubsub.node(bare(from), kind.name, kind.item)
        const node = create()
        if (kind.access === undefined || !node.service.equals(context.account)) return node
        // Also here nothing may get to those who should not read it (S-148).
        return Object.assign(create(), {
          publish: (value: T, { id, options = {}, signal }: PublishCallOptions = {}): Promise<string | undefined> => {
            const config = { ...configOf(kind), ...withoutAbsent(options) }
            return ladder.publish({ node, value, id, config, readBack: false, signal })
          },
        })
      }
      return {
        async publish(target, value, { id, readBack = false, signal, ...given } = {}) {
          const { name, item, ...defaults } = kindOf(target)
          const options = { ...defaults, ...withoutAbsent(given) }
          const isSingle = options.maxItems === undefined || options.maxItems === 1
          const node = context.pubsub.node(context.account, name, item)
          const config = configOf(options)
          return ladder.publish({ node, value, id: id ?? (isSingle ? 'current' : undefined), config, readBack, signal })
        },
        async get(target, { from, id, signal } = {}) {
          const node = place(kindOf(target), from)
          return (await (id === undefined ? node.newest({ signal }) : node.item(id, { signal })))?.value
        },
        node: (target, from) => place(kindOf(target), from),
        onChange: (target, handler, options) => listen(context, kindOf(target), handler, options),
      }
    },
  }
}

function listen<T>(
  context: PluginContext & { readonly pubsub: Pubsub },
  { name, item, access }: PepNode<T>,
  handler: (value: T | undefined, change: NodeChange<T>) => Handled,
  { from = 'anyAccount' }: PepChangeOptions = {},
): Subscription {
  // XEP-0223 §7: what is private can only come from ourselves.
  const origin =
    access === 'private' ? 'ownAccount' : from === 'anyAccount' || from === 'ownAccount' ? from : bare(from)
  const listening = context.pubsub.onChange(origin, name, item, (change) =>
    handler(change.type === 'published' ? change.value : undefined, change),
  )
  const advertising = context.advertise(name + NOTIFY_SUFFIX)
  return context.subscription(() => {
    advertising.dispose()
    listening.dispose()
  })
}

const kindOf = <T>(target: PepTarget<T>): PepNode<T> => (typeof target === 'function' ? pepNode(target) : target)

/** An option that is `undefined` does not hide the one of the kind of node. */
const withoutAbsent = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T

const bare = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid).bare
