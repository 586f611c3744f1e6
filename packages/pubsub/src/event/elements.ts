import { DataForm } from '@couplet/forms'
import {
  anyElement,
  attr,
  child,
  dateTime,
  element,
  type Infer,
  jid,
  oneOf,
  oneOfElements,
  optional,
} from '@couplet/stanza'
import { ifReadable, readable } from '../lenient.js'

/** The namespace of what a service tells its subscribers (XEP-0060 §7). */
export const NS_PUBSUB_EVENT = 'http://jabber.org/protocol/pubsub#event'

/** An item that was published; without a payload if the node only tells that there is one (XEP-0060 §4.3). */
export const EventItem = element(NS_PUBSUB_EVENT, 'item', {
  id: optional(attr('id')),
  /** Who has published it, if the service says so (§7.1.2.3). */
  publisher: ifReadable(attr('publisher', jid)),
  payload: optional(anyElement()),
})
/** The value of the definition of the same name. */
export type EventItem = Infer<typeof EventItem>

const EventRetract = element(NS_PUBSUB_EVENT, 'retract', { id: attr('id') })

/** An item that came or went. */
export const EventEntry = oneOfElements({ item: EventItem, retract: EventRetract })
/** The value of the definition of the same name. */
export type EventEntry = Infer<typeof EventEntry>

/** Items that came or went, in this order (XEP-0060 §7.1.2, §7.2.2). Entries that cannot be read are left out. */
export const EventItems = element(NS_PUBSUB_EVENT, 'items', { node: attr('node'), entries: readable(EventEntry) })
/** The value of the definition of the same name. */
export type EventItems = Infer<typeof EventItems>

const Redirect = element(NS_PUBSUB_EVENT, 'redirect', { uri: attr('uri') })

/** What has happened to a node, or to a subscription (XEP-0060 §7 to §8). */
export const PubsubEvent = element(NS_PUBSUB_EVENT, 'event', {
  items: optional(child(EventItems)),
  purge: optional(child(element(NS_PUBSUB_EVENT, 'purge', { node: attr('node') }))),
  delete: optional(
    child(element(NS_PUBSUB_EVENT, 'delete', { node: attr('node'), redirect: ifReadable(child(Redirect)) })),
  ),
  configuration: optional(
    child(
      element(NS_PUBSUB_EVENT, 'configuration', { node: optional(attr('node')), form: ifReadable(child(DataForm)) }),
    ),
  ),
  subscription: optional(
    child(
      element(NS_PUBSUB_EVENT, 'subscription', {
        expiry: ifReadable(attr('expiry', dateTime)),
        jid: attr('jid', jid),
        node: optional(attr('node')),
        subid: optional(attr('subid')),
        state: optional(attr('subscription', oneOf('none', 'pending', 'subscribed', 'unconfigured'))),
      }),
    ),
  ),
})
/** The value of the definition of the same name. */
export type PubsubEvent = Infer<typeof PubsubEvent>
