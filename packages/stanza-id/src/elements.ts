import { attr, element, type Infer, jid, optional } from '@couplet/stanza'

/** The namespace of stanza ids (XEP-0359), and the feature of entities that remove forged ones (§5). */
export const NS_STANZA_ID = 'urn:xmpp:sid:0'

/** The id that an account or a room has given to a message (XEP-0359 §2.1). Whether to believe it: `trustedStanzaId`. */
export const StanzaId = element(NS_STANZA_ID, 'stanza-id', {
  id: attr('id'),
  /** Who has assigned it, according to whoever wrote it. */
  by: attr('by', jid),
})
/** The value of the definition of the same name. */
export type StanzaId = Infer<typeof StanzaId>

/** The id that the sender has given to a message (XEP-0359 §2.2). Anyone can repeat it. */
export const OriginId = element(NS_STANZA_ID, 'origin-id', { id: attr('id') })
/** The value of the definition of the same name. */
export type OriginId = Infer<typeof OriginId>

/** Points to a message by its stanza id (XEP-0359 §4). */
export const ReferencedStanza = element(NS_STANZA_ID, 'referenced-stanza', {
  id: attr('id'),
  by: optional(attr('by', jid)),
})
/** The value of the definition of the same name. */
export type ReferencedStanza = Infer<typeof ReferencedStanza>
