import { element, optional, text } from '@couplet/stanza'

/** XEP-0114 §3: the namespace of streams that components open; that of their stanzas on the wire, too. */
export const NS_COMPONENT = 'jabber:component:accept'

/** XEP-0114 §3: the proof of the component, as lower-case hexadecimal digits; empty when the server accepts it. */
export const Handshake = element(NS_COMPONENT, 'handshake', { proof: optional(text()) })
