import { type Infer, iqGet, marker } from '@couplet/stanza'

/** The namespace of pings (XEP-0199). */
export const NS_PING = 'urn:xmpp:ping'

/** Asks for a sign of life (XEP-0199 §3). */
export const PingRequest = marker(NS_PING, 'ping')
/** The value of the definition of the same name. */
export type PingRequest = Infer<typeof PingRequest>

/** A ping and its answer, which is empty (XEP-0199 §4). */
export const sendPing = iqGet(PingRequest)
