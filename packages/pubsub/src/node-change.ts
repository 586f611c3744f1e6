import type { Handled, InboundMessage, PluginContext, Subscription } from '@couplet/client'
import { Delay } from '@couplet/delay'
import { DataForm } from '@couplet/forms'
import { type ElementDef, type Jid, type MalformedElementError, readElement } from '@couplet/stanza'
import type { SubscriptionState } from './elements.js'
import { type EventEntry, PubsubEvent } from './event/elements.js'
import { NodeConfig } from './forms/elements.js'
import { readPayload } from './payload.js'

/** What every change says. */
export interface NodeChangeBase {
  /** Who says so: the service, or the account whose node it is. */
  readonly from: Jid
  /** When it happened, if that was not now (XEP-0060 §6.1.7). */
  readonly stamp: Date | undefined
}

/** What has happened to a node. */
export type NodeChange<T> = NodeChangeBase &
  (
    | {
        readonly type: 'published'
        /** The id of the item; absent for a node that keeps none. */
        readonly id: string | undefined
        /** What was published; absent if the node tells only that something was (XEP-0060 §4.3). */
        readonly value: T | undefined
        /** Who has published it, if the service says so. */
        readonly publisher: Jid | undefined
      }
    /** An item was published that does not have the shape of the definition. */
    | { readonly type: 'malformed'; readonly id: string | undefined; readonly error: MalformedElementError }
    /** An item was removed. */
    | { readonly type: 'retracted'; readonly id: string }
    /** All items were removed. */
    | { readonly type: 'purged' }
    /** The node is gone; perhaps there is another one. */
    | { readonly type: 'deleted'; readonly redirect: string | undefined }
    /** The node is set up in another way, if the service says how. */
    | { readonly type: 'configured'; readonly config: NodeConfig | undefined }
    /** A subscription was approved, denied or ended (XEP-0060 §8.6, §8.8.4). */
    | {
        readonly type: 'subscription'
        readonly jid: Jid
        readonly state: SubscriptionState | undefined
        readonly subid: string | undefined
      }
  )

/** Whose changes: those of one service, of any account or service, or of the own account. */
export type ChangeOrigin = Jid | 'anyAccount' | 'ownAccount'

/** Calls the handler with what happens to the nodes of this name. Nobody but their service can say (S-149). */
export function onNodeChange<T>(
  context: PluginContext,
  origin: ChangeOrigin,
  name: string,
  item: ElementDef<T>,
  handler: (change: NodeChange<T>) => Handled,
): Subscription {
  const changed = context.event<[NodeChange<T>]>()
  const handling = changed.on(handler)
  const listening = context.onMessage(
    PubsubEvent,
    (event, message) => {
      const base = { from: message.from ?? context.account, stamp: stampOf(message) }
      for (const change of changesOf(event, name, item, base)) changed.emit(change)
    },
    { from: origin },
  )
  return context.subscription(() => {
    listening.dispose()
    handling.dispose()
  })
}

/** Whoever may tell about the change may tell when it was. */
const stampOf = (message: InboundMessage): Date | undefined => message.get(Delay)?.stamp

function* changesOf<T>(
  event: PubsubEvent,
  name: string,
  item: ElementDef<T>,
  base: NodeChangeBase,
): Generator<NodeChange<T>> {
  const { items, purge, configuration, subscription } = event
  if (items?.node === name) {
    // XEP-0060 §4.3: a node without items and payloads tells just that something has happened.
    if (items.entries.length === 0) {
      yield { ...base, type: 'published', id: undefined, value: undefined, publisher: undefined }
    }
    for (const entry of items.entries) yield entryChange(entry, item, base)
  }
  if (purge?.node === name) yield { ...base, type: 'purged' }
  if (event.delete?.node === name) yield { ...base, type: 'deleted', redirect: event.delete.redirect?.uri }
  if (configuration?.node === name) yield { ...base, type: 'configured', config: configOf(configuration.form) }
  if (subscription?.node === name) {
    const { jid, state, subid } = subscription
    yield { ...base, type: 'subscription', jid, state, subid }
  }
}

function entryChange<T>(entry: EventEntry, item: ElementDef<T>, base: NodeChangeBase): NodeChange<T> {
  if (entry.kind === 'retract') return { ...base, type: 'retracted', id: entry.value.id }
  const { id, payload, publisher } = entry.value
  if (payload === undefined) return { ...base, type: 'published', id, value: undefined, publisher }
  const read = readPayload(item, payload)
  if (!read.ok) return { ...base, type: 'malformed', id, error: read.error }
  return { ...base, type: 'published', id, value: read.value, publisher }
}

/** The configuration in a form; absent if there is no form, or if it is another one. */
export function configOf(form: DataForm | undefined): NodeConfig | undefined {
  const read = form && readElement(NodeConfig, DataForm(form))
  return read?.ok ? read.value : undefined
}
