import { type Infer, marker } from '@couplet/stanza'

/** The namespace of the stream feature of pre-approved subscriptions (RFC 6121 §3.4). */
export const NS_PRE_APPROVAL = 'urn:xmpp:features:pre-approval'

/** The stream feature of servers that take an approval before the request (RFC 6121 §3.4). */
export const PreApproval = marker(NS_PRE_APPROVAL, 'sub')
/** The value of the definition of the same name. */
export type PreApproval = Infer<typeof PreApproval>

/** What marks the presence of an occupant of a room (XEP-0045 §7.2.2), which says nothing about a contact. */
export const RoomUser = marker('http://jabber.org/protocol/muc#user', 'x')
/** The value of the definition of the same name. */
export type RoomUser = Infer<typeof RoomUser>
