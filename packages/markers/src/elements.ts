import { attr, element, type Infer, marker } from '@couplet/stanza'

/** The namespace of displayed markers, and the feature of those who send them (XEP-0333 §3). */
export const NS_MARKERS = 'urn:xmpp:chat-markers:0'

/** Asks to be told when the message has been displayed (XEP-0333 §4.1). */
export const Markable = marker(NS_MARKERS, 'markable')
/** The value of the definition of the same name. */
export type Markable = Infer<typeof Markable>

/**
 * Says that everything up to a message has been displayed (XEP-0333 §4.2): by the id that its sender has given it, or in a
 * room by the one that the room has (§4.3).
 */
export const Displayed = element(NS_MARKERS, 'displayed', { id: attr('id') })
/** The value of the definition of the same name. */
export type Displayed = Infer<typeof Displayed>
