import { attr, element, type Infer, marker } from '@couplet/stanza'

/** The namespace of corrections, and the feature of those who understand them (XEP-0308 §2). */
export const NS_CORRECTION = 'urn:xmpp:message-correct:0'

/** Says that this message stands in the place of the one with this id, if it is from the same sender (XEP-0308 §3). */
export const Replace = element(NS_CORRECTION, 'replace', { id: attr('id') })
/** The value of the definition of the same name. */
export type Replace = Infer<typeof Replace>

/** What a room writes into private messages between its occupants (XEP-0045 §7.5). */
export const OccupantMark = marker('http://jabber.org/protocol/muc#user', 'x')
/** Who an occupant is, whatever the nickname (XEP-0421 §4). */
export const OccupantIdentity = element('urn:xmpp:occupant-id:0', 'occupant-id', { id: attr('id') })
