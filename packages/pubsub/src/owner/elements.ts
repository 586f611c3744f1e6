import { DataForm } from '@couplet/forms'
import {
  attr,
  child,
  children,
  type ElementDef,
  element,
  type Infer,
  iqGet,
  iqSet,
  jid,
  oneOf,
  optional,
} from '@couplet/stanza'
import { around } from '../around.js'
import { readable } from '../lenient.js'

/** The namespace of what only the owner of a node may do (XEP-0060 §8). */
export const NS_PUBSUB_OWNER = 'http://jabber.org/protocol/pubsub#owner'

/** The configuration of a node as a form; without one it is the question (XEP-0060 §8.2). */
export const OwnerConfigure = element(NS_PUBSUB_OWNER, 'configure', {
  node: optional(attr('node')),
  form: optional(child(DataForm)),
})
/** The value of the definition of the same name. */
export type OwnerConfigure = Infer<typeof OwnerConfigure>

/** How new nodes are set up; without a form it is the question (XEP-0060 §8.3). */
export const OwnerDefault = element(NS_PUBSUB_OWNER, 'default', {
  type: optional(attr('type', oneOf('collection', 'leaf'))),
  form: optional(child(DataForm)),
})
/** The value of the definition of the same name. */
export type OwnerDefault = Infer<typeof OwnerDefault>

const Redirect = element(NS_PUBSUB_OWNER, 'redirect', { uri: attr('uri') })

/** Deletes a node; subscribers are told where to go instead (XEP-0060 §8.4). */
export const OwnerDelete = element(NS_PUBSUB_OWNER, 'delete', {
  node: attr('node'),
  redirect: optional(child(Redirect)),
})
/** The value of the definition of the same name. */
export type OwnerDelete = Infer<typeof OwnerDelete>

/** Removes all items (XEP-0060 §8.5). */
export const OwnerPurge = element(NS_PUBSUB_OWNER, 'purge', { node: attr('node') })
/** The value of the definition of the same name. */
export type OwnerPurge = Infer<typeof OwnerPurge>

/** A subscription as the owner sees it (XEP-0060 §8.8.1). */
export const OwnerSubscription = element(NS_PUBSUB_OWNER, 'subscription', {
  jid: attr('jid', jid),
  state: attr('subscription', oneOf('none', 'pending', 'subscribed', 'unconfigured')),
  subid: optional(attr('subid')),
})
/** The value of the definition of the same name. */
export type OwnerSubscription = Infer<typeof OwnerSubscription>

/** What somebody may do with a node (XEP-0060 §4.1, §8.9.1). */
export const OwnerAffiliation = element(NS_PUBSUB_OWNER, 'affiliation', {
  jid: attr('jid', jid),
  affiliation: attr('affiliation', oneOf('member', 'none', 'outcast', 'owner', 'publisher', 'publish-only')),
})
/** The value of the definition of the same name. */
export type OwnerAffiliation = Infer<typeof OwnerAffiliation>

const inOwner = <T>(inner: ElementDef<T>): ElementDef<T> => around(NS_PUBSUB_OWNER, 'pubsub', inner)

const OwnerSubscriptionsQuery = inOwner(element(NS_PUBSUB_OWNER, 'subscriptions', { node: attr('node') }))
const OwnerSubscriptions = element(NS_PUBSUB_OWNER, 'subscriptions', {
  node: optional(attr('node')),
  subscriptions: readable(OwnerSubscription),
})
const OwnerSubscriptionsChange = element(NS_PUBSUB_OWNER, 'subscriptions', {
  node: attr('node'),
  subscriptions: children(OwnerSubscription),
})

const OwnerAffiliationsQuery = inOwner(element(NS_PUBSUB_OWNER, 'affiliations', { node: attr('node') }))
const OwnerAffiliations = element(NS_PUBSUB_OWNER, 'affiliations', {
  node: optional(attr('node')),
  affiliations: readable(OwnerAffiliation),
})
const OwnerAffiliationsChange = element(NS_PUBSUB_OWNER, 'affiliations', {
  node: attr('node'),
  affiliations: children(OwnerAffiliation),
})

/** Asks for the configuration form of a node (XEP-0060 §8.2.1). */
export const getNodeConfig = iqGet(inOwner(OwnerConfigure), inOwner(OwnerConfigure))
/** Submits it, filled in by `fillForm` of `@couplet/forms` (XEP-0060 §8.2.4). */
export const setNodeConfig = iqSet(inOwner(OwnerConfigure))
/** Asks how new nodes are set up (XEP-0060 §8.3). */
export const getDefaultNodeConfig = iqGet(inOwner(OwnerDefault), inOwner(OwnerDefault))
/** Deletes a node (XEP-0060 §8.4). */
export const deleteNode = iqSet(inOwner(OwnerDelete))
/** Removes all items of a node (XEP-0060 §8.5). */
export const purgeNode = iqSet(inOwner(OwnerPurge))
/** Asks who has subscribed (XEP-0060 §8.8.1). */
export const getNodeSubscriptions = iqGet(OwnerSubscriptionsQuery, inOwner(OwnerSubscriptions))
/** Changes these subscriptions and no others (XEP-0060 §8.8.2). */
export const setNodeSubscriptions = iqSet(inOwner(OwnerSubscriptionsChange))
/** Asks who may do what (XEP-0060 §8.9.1). */
export const getNodeAffiliations = iqGet(OwnerAffiliationsQuery, inOwner(OwnerAffiliations))
/** Changes these affiliations and no others (XEP-0060 §8.9.2). */
export const setNodeAffiliations = iqSet(inOwner(OwnerAffiliationsChange))
