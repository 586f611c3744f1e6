import {
  attr,
  bool,
  children,
  childTexts,
  element,
  type Field,
  type Infer,
  iqGet,
  iqSet,
  jid,
  marker,
  oneOf,
  optional,
} from '@couplet/stanza'

/** The namespace of the roster (RFC 6121 §2). */
export const NS_ROSTER = 'jabber:iq:roster'
/** The namespace of the stream feature of roster versioning (RFC 6121 §2.6.1). */
export const NS_ROSTER_VERSIONING = 'urn:xmpp:features:rosterver'

/** The stream feature of servers that know versions of the roster (RFC 6121 §2.6.1). */
export const RosterVersioning = marker(NS_ROSTER_VERSIONING, 'ver')
/** The value of the definition of the same name. */
export type RosterVersioning = Infer<typeof RosterVersioning>

/** A contact as the server keeps it (RFC 6121 §2.1.2). */
export const RosterItem = element(NS_ROSTER, 'item', {
  /** Whether a subscription request is approved before it comes (§3.4). */
  approved: optional(attr('approved', bool)),
  /** `subscribe`: we have asked to see their presence (§3.1.2). */
  ask: optional(attr('ask', oneOf('subscribe'))),
  jid: attr('jid', jid),
  name: optional(attr('name')),
  subscription: optional(attr('subscription', oneOf('none', 'to', 'from', 'both', 'remove'))),
  groups: childTexts('group'),
})
/** The value of the definition of the same name. */
export type RosterItem = Infer<typeof RosterItem>

/** A change of the roster: one item (RFC 6121 §2.1.5, §2.1.6). Also the question for all of it, without items. */
export const RosterQuery = element(NS_ROSTER, 'query', {
  /** The version: of the cache in a question, `''` without one; of the roster otherwise (§2.6). */
  ver: optional(attr('ver')),
  items: children(RosterItem),
})
/** The value of the definition of the same name. */
export type RosterQuery = Infer<typeof RosterQuery>

/** One contact whose address is no JID must not hide all the others. */
const readableItems: Field<readonly RosterItem[]> = {
  ...children(RosterItem),
  parse: (query) => query.all(RosterItem),
}

/** The whole roster (RFC 6121 §2.1.4). Malformed items are left out. */
export const RosterResult = element(NS_ROSTER, 'query', { ver: optional(attr('ver')), items: readableItems })
/** The value of the definition of the same name. */
export type RosterResult = Infer<typeof RosterResult>

/** Asks for the roster; an empty result says that the cached version is still good (RFC 6121 §2.6.3). */
export const getRoster = iqGet(RosterQuery, RosterResult, { mayBeEmpty: true })
/** Changes one item; from the server: says that it has changed (RFC 6121 §2.1.5, §2.1.6). */
export const setRoster = iqSet(RosterQuery)
