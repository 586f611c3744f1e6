import { field, fieldList, resultForm, submitForm } from '@couplet/forms'
import { bool, type Codec, dateTime, type Infer, jid, oneOf, uint } from '@couplet/stanza'
import { ifReadable } from '../lenient.js'

/** The FORM_TYPE of a node's configuration (XEP-0060 §16.4.4). */
export const NS_NODE_CONFIG = 'http://jabber.org/protocol/pubsub#node_config'
/** The FORM_TYPE of preconditions for publishing (XEP-0060 §7.1.5), and a feature with the same name. */
export const NS_PUBLISH_OPTIONS = 'http://jabber.org/protocol/pubsub#publish-options'
/** The FORM_TYPE of a subscription's options (XEP-0060 §16.4.2). */
export const NS_SUBSCRIBE_OPTIONS = 'http://jabber.org/protocol/pubsub#subscribe_options'
/** The FORM_TYPE of what a service tells about a node (XEP-0060 §5.4). */
export const NS_NODE_METADATA = 'http://jabber.org/protocol/pubsub#meta-data'

/** A number, or as much as the service allows. */
const countOrMax: Codec<number | 'max'> = {
  expects: 'a non-negative integer or max',
  decode: (text) => (text.trim() === 'max' ? 'max' : uint.decode(text)),
  encode: (value) => (value === 'max' ? value : uint.encode(value)),
}

const accessModel = oneOf('authorize', 'open', 'presence', 'roster', 'whitelist')
const publishModel = oneOf('open', 'publishers', 'subscribers')

/** A form of an unknown service has values we have never heard of: they are absent, and come back as they were. */
const configuration = {
  title: ifReadable(field('pubsub#title')),
  description: ifReadable(field('pubsub#description')),
  /** Whether subscribers are told about changes. */
  deliverNotifications: ifReadable(field('pubsub#deliver_notifications', bool)),
  /** Whether they are told the new value, too. */
  deliverPayloads: ifReadable(field('pubsub#deliver_payloads', bool)),
  /** Whether items are kept. */
  persistItems: ifReadable(field('pubsub#persist_items', bool)),
  /** How many items are kept. */
  maxItems: ifReadable(field('pubsub#max_items', countOrMax)),
  /** After how many seconds items are removed. */
  itemExpire: ifReadable(field('pubsub#item_expire', countOrMax)),
  /** When the newest item is sent to a subscriber without a change. */
  sendLastPublishedItem: ifReadable(
    field('pubsub#send_last_published_item', oneOf('never', 'on_sub', 'on_sub_and_presence')),
  ),
  /** Who may subscribe and read (§4.5). */
  accessModel: ifReadable(field('pubsub#access_model', accessModel)),
  /** Whose groups may, if the access model is `roster`. */
  rosterGroupsAllowed: ifReadable(fieldList('pubsub#roster_groups_allowed')),
  /** Who may publish. */
  publishModel: ifReadable(field('pubsub#publish_model', publishModel)),
  /** Whether only those who are online are told. */
  presenceBasedDelivery: ifReadable(field('pubsub#presence_based_delivery', bool)),
  /** The type of the messages that tell about changes. */
  notificationType: ifReadable(field('pubsub#notification_type', oneOf('normal', 'headline', 'chat'))),
  notifyConfig: ifReadable(field('pubsub#notify_config', bool)),
  notifyDelete: ifReadable(field('pubsub#notify_delete', bool)),
  notifyRetract: ifReadable(field('pubsub#notify_retract', bool)),
  notifySub: ifReadable(field('pubsub#notify_sub', bool)),
  /** In bytes. */
  maxPayloadSize: ifReadable(field('pubsub#max_payload_size', uint)),
  /** What its items are: usually their namespace. */
  type: ifReadable(field('pubsub#type')),
}

/** How a node is set up (XEP-0060 §16.4.4). */
export const NodeConfig = submitForm(NS_NODE_CONFIG, configuration)
/** The value of the definition of the same name. */
export type NodeConfig = Infer<typeof NodeConfig>

/** How a node must be set up, or is set up if it does not exist, for what is published (XEP-0060 §7.1.5). */
export const PublishOptions = submitForm(NS_PUBLISH_OPTIONS, configuration)
/** The value of the definition of the same name. */
export type PublishOptions = Infer<typeof PublishOptions>

/** How a subscriber wants to be told (XEP-0060 §6.3, §16.4.2). */
export const SubscribeOptions = submitForm(NS_SUBSCRIBE_OPTIONS, {
  deliver: ifReadable(field('pubsub#deliver', bool)),
  digest: ifReadable(field('pubsub#digest', bool)),
  /** In milliseconds. */
  digestFrequency: ifReadable(field('pubsub#digest_frequency', uint)),
  includeBody: ifReadable(field('pubsub#include_body', bool)),
  /** When the subscription ends; a service may also say `presence`: as soon as we are offline (§12.4). */
  expire: ifReadable(field('pubsub#expire')),
  showValues: ifReadable(fieldList('pubsub#show-values', oneOf('away', 'chat', 'dnd', 'online', 'xa'))),
})
/** The value of the definition of the same name. */
export type SubscribeOptions = Infer<typeof SubscribeOptions>

/** What a service tells about a node in its disco#info (XEP-0060 §5.4): `findForm(info.forms, NodeMetadata)`. */
export const NodeMetadata = resultForm(NS_NODE_METADATA, {
  type: ifReadable(field('pubsub#type')),
  creator: ifReadable(field('pubsub#creator', jid)),
  creationDate: ifReadable(field('pubsub#creation_date', dateTime)),
  title: ifReadable(field('pubsub#title')),
  description: ifReadable(field('pubsub#description')),
  language: ifReadable(field('pubsub#language')),
  contact: ifReadable(fieldList('pubsub#contact', jid)),
  accessModel: ifReadable(field('pubsub#access_model', accessModel)),
  publishModel: ifReadable(field('pubsub#publish_model', publishModel)),
  maxItems: ifReadable(field('pubsub#max_items', countOrMax)),
  owner: ifReadable(fieldList('pubsub#owner', jid)),
  publisher: ifReadable(fieldList('pubsub#publisher', jid)),
  numSubscribers: ifReadable(field('pubsub#num_subscribers', uint)),
})
/** The value of the definition of the same name. */
export type NodeMetadata = Infer<typeof NodeMetadata>
