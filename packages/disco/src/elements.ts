import { FormElement } from '@couplet/forms'
import { ResultSet, ResultSetRequest } from '@couplet/rsm'
import {
  attr,
  child,
  children,
  define,
  type ElementDef,
  element,
  type Field,
  type Infer,
  iqGet,
  jid,
  Malformed,
  optional,
  xml,
} from '@couplet/stanza'

/** The namespace of what an entity is and can do (XEP-0030 §3). */
export const NS_DISCO_INFO = 'http://jabber.org/protocol/disco#info'
/** The namespace of what belongs to an entity (XEP-0030 §4). */
export const NS_DISCO_ITEMS = 'http://jabber.org/protocol/disco#items'

/** What an entity is: `{ category: 'conference', type: 'text', name: 'A Dark Cave' }` (XEP-0030 §3.1). */
export const DiscoIdentity = element(NS_DISCO_INFO, 'identity', {
  category: attr('category'),
  type: attr('type'),
  name: optional(attr('name')),
  lang: optional(attr('xml:lang')),
})
/** The value of the definition of the same name. */
export type DiscoIdentity = Infer<typeof DiscoIdentity>

/** A feature; its value is the name of the feature (XEP-0030 §3.1). */
export const DiscoFeature: ElementDef<string> = define(
  NS_DISCO_INFO,
  ['feature'],
  (name: string) => xml(NS_DISCO_INFO, 'feature', { var: name }),
  (feature) => feature.attr('var') ?? new Malformed('@var', 'is missing'),
)

/** The question what an entity, or a node of it, is (XEP-0030 §3). */
export const DiscoInfoQuery = element(NS_DISCO_INFO, 'query', { node: optional(attr('node')) })
/** The value of the definition of the same name. */
export type DiscoInfoQuery = Infer<typeof DiscoInfoQuery>

/** The answer (XEP-0030 §3), with the forms of XEP-0128; `findForm` of `@couplet/forms` reads one of them. */
export const DiscoInfo = element(NS_DISCO_INFO, 'query', {
  node: optional(attr('node')),
  identities: children(DiscoIdentity),
  features: children(DiscoFeature),
  forms: children(FormElement),
})
/** The value of the definition of the same name. */
export type DiscoInfo = Infer<typeof DiscoInfo>

/** Something that belongs to an entity (XEP-0030 §4). */
export const DiscoItem = element(NS_DISCO_ITEMS, 'item', {
  jid: attr('jid', jid),
  name: optional(attr('name')),
  node: optional(attr('node')),
})
/** The value of the definition of the same name. */
export type DiscoItem = Infer<typeof DiscoItem>

/** The question what belongs to an entity, or to a node of it; with a page where the list may be long (XEP-0059 §3). */
export const DiscoItemsQuery = element(NS_DISCO_ITEMS, 'query', {
  node: optional(attr('node')),
  page: optional(child(ResultSetRequest)),
})
/** The value of the definition of the same name. */
export type DiscoItemsQuery = Infer<typeof DiscoItemsQuery>

/** One room with an address that is no JID must not hide all the others of its service. */
const readableItems: Field<readonly DiscoItem[]> = {
  ...children(DiscoItem),
  parse: (query) => query.all(DiscoItem),
}

/** The answer (XEP-0030 §4). Malformed items are left out. */
export const DiscoItems = element(NS_DISCO_ITEMS, 'query', {
  node: optional(attr('node')),
  items: readableItems,
  page: optional(child(ResultSet)),
})
/** The value of the definition of the same name. */
export type DiscoItems = Infer<typeof DiscoItems>

/** Asks for identities and features (XEP-0030 §3). */
export const getDiscoInfo = iqGet(DiscoInfoQuery, DiscoInfo)
/** Asks for items (XEP-0030 §4). */
export const getDiscoItems = iqGet(DiscoItemsQuery, DiscoItems)
/**
 * The same question as it is read for an answer without items: its page does not matter, and a broken one must not make
 * the answer to a stranger another one than that of a missing resource.
 *
 * @internal
 */
export const answerDiscoItems = iqGet(element(NS_DISCO_ITEMS, 'query', { node: optional(attr('node')) }), DiscoItems)
