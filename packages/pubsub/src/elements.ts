import { DataForm } from '@couplet/forms'
import { ResultSet, ResultSetRequest } from '@couplet/rsm'
import {
  anyElement,
  attr,
  bool,
  child,
  children,
  dateTime,
  define,
  type ElementDef,
  element,
  flag,
  type Infer,
  iqGet,
  iqSet,
  jid,
  Malformed,
  oneOf,
  optional,
  tagged,
  uint,
  xml,
} from '@couplet/stanza'
import { around, holding } from './around.js'
import { NodeConfig, PublishOptions, SubscribeOptions } from './forms/elements.js'
import { ifReadable, readable } from './lenient.js'

/** The namespace of publish-subscribe (XEP-0060). */
export const NS_PUBSUB = 'http://jabber.org/protocol/pubsub'
/** The namespace of its error conditions (XEP-0060 §17.2). */
export const NS_PUBSUB_ERRORS = 'http://jabber.org/protocol/pubsub#errors'
/** The feature of services whose nodes take `max` as their number of items (XEP-0060 §10). */
export const NS_PUBSUB_CONFIG_NODE_MAX = 'http://jabber.org/protocol/pubsub#config-node-max'

/** Why a service has refused, more exactly than the condition of the stanza error (XEP-0060 §17.2). */
export const PubsubCondition = tagged(
  NS_PUBSUB_ERRORS,
  'closed-node',
  'configuration-required',
  'invalid-jid',
  'invalid-options',
  'invalid-payload',
  'invalid-subid',
  'item-forbidden',
  'item-required',
  'jid-required',
  'max-items-exceeded',
  'max-nodes-exceeded',
  'node-full',
  'nodeid-required',
  'not-in-roster-group',
  'not-subscribed',
  'payload-required',
  'payload-too-big',
  'pending-subscription',
  'precondition-not-met',
  'presence-subscription-required',
  'subid-required',
  'too-many-subscriptions',
  'unsupported',
  'unsupported-access-model',
)
/** The value of the definition of the same name. */
export type PubsubCondition = Infer<typeof PubsubCondition>

/** Which feature a service lacks, beside the condition `unsupported` (XEP-0060 §17.2). */
export const UnsupportedFeature = element(NS_PUBSUB_ERRORS, 'unsupported', { feature: attr('feature') })
/** The value of the definition of the same name. */
export type UnsupportedFeature = Infer<typeof UnsupportedFeature>

/** An item; alone its id, where items are asked for or named (XEP-0060 §6.5, §7.1). */
export const PubsubItem = element(NS_PUBSUB, 'item', {
  id: optional(attr('id')),
  /** Who has published it, if the service says so (§7.1.2.3). */
  publisher: ifReadable(attr('publisher', jid)),
  payload: optional(anyElement()),
})
/** The value of the definition of the same name. */
export type PubsubItem = Infer<typeof PubsubItem>

const ItemId: ElementDef<string> = define(
  NS_PUBSUB,
  ['item'],
  (id: string) => xml(NS_PUBSUB, 'item', { id }),
  (item) => item.attr('id') ?? new Malformed('@id', 'is missing'),
)

/** Items of a node; in a question which ones (XEP-0060 §6.5). Those that cannot be read are left out. */
export const PubsubItems = element(NS_PUBSUB, 'items', {
  /** Only the newest so many. */
  maxItems: optional(attr('max_items', uint)),
  node: attr('node'),
  subid: optional(attr('subid')),
  items: readable(PubsubItem),
})
/** The value of the definition of the same name. */
export type PubsubItems = Infer<typeof PubsubItems>

const Publish = element(NS_PUBSUB, 'publish', { node: attr('node'), items: children(PubsubItem) })

/** Publishes items, if the node is set up as the options say (XEP-0060 §7.1). */
export const PublishRequest = holding(
  element(NS_PUBSUB, 'pubsub', {
    publish: child(Publish),
    options: optional(child(around(NS_PUBSUB, 'publish-options', PublishOptions))),
  }),
  Publish,
)
/** The value of the definition of the same name. */
export type PublishRequest = Infer<typeof PublishRequest>

/** Removes items by id (XEP-0060 §7.2). */
export const PubsubRetract = element(NS_PUBSUB, 'retract', {
  node: attr('node'),
  /** Whether subscribers are told, whatever the node's configuration says. */
  notify: optional(attr('notify', bool)),
  ids: children(ItemId),
})
/** The value of the definition of the same name. */
export type PubsubRetract = Infer<typeof PubsubRetract>

/** The state of a subscription (XEP-0060 §4.2): `pending` until an owner agrees, `unconfigured` until it has options. */
export type SubscriptionState = 'none' | 'pending' | 'subscribed' | 'unconfigured'

/** A subscription of ours (XEP-0060 §5.6, §6.1). */
export const PubsubSubscription = element(NS_PUBSUB, 'subscription', {
  expiry: ifReadable(attr('expiry', dateTime)),
  jid: attr('jid', jid),
  node: optional(attr('node')),
  subid: optional(attr('subid')),
  state: optional(attr('subscription', oneOf<SubscriptionState>('none', 'pending', 'subscribed', 'unconfigured'))),
  /** Whether there are options, and whether they are needed before anything comes (§6.1.6). */
  options: optional(child(element(NS_PUBSUB, 'subscribe-options', { required: flag('required') }))),
})
/** The value of the definition of the same name. */
export type PubsubSubscription = Infer<typeof PubsubSubscription>

const Subscribe = element(NS_PUBSUB, 'subscribe', { jid: attr('jid', jid), node: optional(attr('node')) })

/** Subscribes, perhaps with options (XEP-0060 §6.1, §6.3.7). */
export const SubscribeRequest = holding(
  element(NS_PUBSUB, 'pubsub', {
    subscribe: child(Subscribe),
    options: optional(child(around(NS_PUBSUB, 'options', SubscribeOptions))),
  }),
  Subscribe,
)
/** The value of the definition of the same name. */
export type SubscribeRequest = Infer<typeof SubscribeRequest>

/** Ends a subscription (XEP-0060 §6.2). */
export const PubsubUnsubscribe = element(NS_PUBSUB, 'unsubscribe', {
  jid: attr('jid', jid),
  node: optional(attr('node')),
  subid: optional(attr('subid')),
})
/** The value of the definition of the same name. */
export type PubsubUnsubscribe = Infer<typeof PubsubUnsubscribe>

/** The options of a subscription; without a form it is the question (XEP-0060 §6.3). */
export const SubscriptionOptions = element(NS_PUBSUB, 'options', {
  jid: attr('jid', jid),
  node: optional(attr('node')),
  subid: optional(attr('subid')),
  form: optional(child(DataForm)),
})
/** The value of the definition of the same name. */
export type SubscriptionOptions = Infer<typeof SubscriptionOptions>

/** The options that subscriptions have by default; without a form it is the question (XEP-0060 §6.4). */
export const SubscriptionDefault = element(NS_PUBSUB, 'default', {
  node: optional(attr('node')),
  form: optional(child(DataForm)),
})
/** The value of the definition of the same name. */
export type SubscriptionDefault = Infer<typeof SubscriptionDefault>

/** What we may do with a node (XEP-0060 §4.1, §5.7). */
export const PubsubAffiliation = element(NS_PUBSUB, 'affiliation', {
  node: optional(attr('node')),
  affiliation: attr('affiliation', oneOf('member', 'none', 'outcast', 'owner', 'publisher', 'publish-only')),
})
/** The value of the definition of the same name. */
export type PubsubAffiliation = Infer<typeof PubsubAffiliation>

const Create = element(NS_PUBSUB, 'create', { node: optional(attr('node')) })

/** Creates a node and sets it up; without a name the service finds one (XEP-0060 §8.1). */
export const CreateRequest = holding(
  element(NS_PUBSUB, 'pubsub', {
    create: child(Create),
    config: optional(child(around(NS_PUBSUB, 'configure', NodeConfig))),
  }),
  Create,
)
/** The value of the definition of the same name. */
export type CreateRequest = Infer<typeof CreateRequest>

/** Asks for items, all in one or page by page (XEP-0060 §6.5). */
export const ItemsRequest = holding(
  element(NS_PUBSUB, 'pubsub', { items: child(PubsubItems), page: optional(child(ResultSetRequest)) }),
  PubsubItems,
)
/** The value of the definition of the same name. */
export type ItemsRequest = Infer<typeof ItemsRequest>

/** The answer: items, and which page of them (XEP-0060 §6.5.4). */
export const ItemsResult = element(NS_PUBSUB, 'pubsub', {
  items: optional(child(PubsubItems)),
  page: optional(child(ResultSet)),
})
/** The value of the definition of the same name. */
export type ItemsResult = Infer<typeof ItemsResult>

/** What services answer to a change: what they have made of it (XEP-0060 §6.1.2, §7.1.2, §8.1.1). */
export const ChangeResult = element(NS_PUBSUB, 'pubsub', {
  publish: ifReadable(child(Publish)),
  create: ifReadable(child(Create)),
  subscription: optional(child(PubsubSubscription)),
})
/** The value of the definition of the same name. */
export type ChangeResult = Infer<typeof ChangeResult>

const inPubsub = <T>(inner: ElementDef<T>): ElementDef<T> => around(NS_PUBSUB, 'pubsub', inner)
const SubscriptionsQuery = element(NS_PUBSUB, 'subscriptions', { node: optional(attr('node')) })
const Subscriptions = element(NS_PUBSUB, 'subscriptions', {
  node: optional(attr('node')),
  subscriptions: readable(PubsubSubscription),
})
const AffiliationsQuery = element(NS_PUBSUB, 'affiliations', { node: optional(attr('node')) })
const Affiliations = element(NS_PUBSUB, 'affiliations', {
  node: optional(attr('node')),
  affiliations: readable(PubsubAffiliation),
})

/** Publishes items; the answer may say their ids (XEP-0060 §7.1). */
export const publishItems = iqSet(PublishRequest, ChangeResult, { mayBeEmpty: true })
/** Removes items (XEP-0060 §7.2). */
export const retractItems = iqSet(inPubsub(PubsubRetract))
/** Asks for items (XEP-0060 §6.5). */
export const getItems = iqGet(ItemsRequest, ItemsResult)
/** Subscribes; the answer says how far that has come (XEP-0060 §6.1). */
export const subscribeNode = iqSet(SubscribeRequest, ChangeResult, { mayBeEmpty: true })
/** Ends a subscription (XEP-0060 §6.2). */
export const unsubscribeNode = iqSet(inPubsub(PubsubUnsubscribe))
/** Asks for our subscriptions, to one node or at all of the service (XEP-0060 §5.6). */
export const getSubscriptions = iqGet(inPubsub(SubscriptionsQuery), inPubsub(Subscriptions))
/** Asks what we may do, with one node or all of the service (XEP-0060 §5.7). */
export const getAffiliations = iqGet(inPubsub(AffiliationsQuery), inPubsub(Affiliations))
/** Asks for the options of a subscription as a form (XEP-0060 §6.3.2). */
export const getSubscriptionOptions = iqGet(inPubsub(SubscriptionOptions), inPubsub(SubscriptionOptions))
/** Submits them, filled in by `fillForm` of `@couplet/forms` (XEP-0060 §6.3.5). */
export const setSubscriptionOptions = iqSet(inPubsub(SubscriptionOptions))
/** Asks for the options that subscriptions have by default (XEP-0060 §6.4). */
export const getDefaultSubscriptionOptions = iqGet(inPubsub(SubscriptionDefault), inPubsub(SubscriptionDefault))
/** Creates a node; the answer says its name if the service has found one (XEP-0060 §8.1). */
export const createNode = iqSet(CreateRequest, ChangeResult, { mayBeEmpty: true })
