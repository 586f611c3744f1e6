import { attr, children, element, type Field, type Infer, iqGet, iqSet, jid, marker } from '@couplet/stanza'

/** The namespace of blocking (XEP-0191). */
export const NS_BLOCKING = 'urn:xmpp:blocking'
/** The namespace of its error condition (XEP-0191 §3.3). */
export const NS_BLOCKING_ERRORS = 'urn:xmpp:blocking:errors'

/** Somebody who is blocked: an account, a resource, or a whole domain (XEP-0191 §6). */
export const BlockItem = element(NS_BLOCKING, 'item', { jid: attr('jid', jid) })
/** The value of the definition of the same name. */
export type BlockItem = Infer<typeof BlockItem>

/** The question who is blocked (XEP-0191 §3.2). */
export const BlockListQuery = marker(NS_BLOCKING, 'blocklist')
/** The value of the definition of the same name. */
export type BlockListQuery = Infer<typeof BlockListQuery>

/** One item whose address is no JID must not hide all the others. */
const readableItems: Field<readonly BlockItem[]> = {
  ...children(BlockItem),
  parse: (list) => list.all(BlockItem),
}

/** Who is blocked (XEP-0191 §3.2). Malformed items are left out. */
export const BlockList = element(NS_BLOCKING, 'blocklist', { items: readableItems })
/** The value of the definition of the same name. */
export type BlockList = Infer<typeof BlockList>

/** Blocks somebody; from the server: says that they are blocked (XEP-0191 §3.3). At least one item. */
export const Block = element(NS_BLOCKING, 'block', { items: children(BlockItem) })
/** The value of the definition of the same name. */
export type Block = Infer<typeof Block>

/** Unblocks somebody, or without items everybody; from the server: says so (XEP-0191 §3.4, §3.5). */
export const Unblock = element(NS_BLOCKING, 'unblock', { items: children(BlockItem) })
/** The value of the definition of the same name. */
export type Unblock = Infer<typeof Unblock>

/** In an error: it was not delivered because we have blocked who it was for (XEP-0191 §3.3). */
export const Blocked = marker(NS_BLOCKING_ERRORS, 'blocked')
/** The value of the definition of the same name. */
export type Blocked = Infer<typeof Blocked>

/** Asks who is blocked; from then on the server tells when that changes (XEP-0191 §3.2). */
export const getBlockList = iqGet(BlockListQuery, BlockList)
/** Blocks, or says that somebody is blocked (XEP-0191 §3.3). */
export const sendBlock = iqSet(Block)
/** Unblocks, or says that somebody is not blocked any more (XEP-0191 §3.4, §3.5). */
export const sendUnblock = iqSet(Unblock)
