/**
 * What RFC 6120 and RFC 7395 have on the wire before there is a session: for both sides of it.
 *
 * @module
 */

import { attr, children, childText, childTexts, element, iqGet, jid, marker, optional, text } from '@couplet/stanza'

/** RFC 6120 §5: STARTTLS. */
export const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
/** RFC 6120 §6: SASL. */
export const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
/** RFC 6120 §7: resource binding. */
export const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
/** RFC 7395 §3.3: framing over WebSocket. */
export const NS_FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'
/** XEP-0440: the channel bindings a server supports. */
export const NS_SASL_CB = 'urn:xmpp:sasl-cb:0'
/** XEP-0199, as the question whose answer acknowledges what was sent before. */
export const NS_PING = 'urn:xmpp:ping'

/** RFC 6120 §5.4.2.1. */
export const StartTls = marker(NS_TLS, 'starttls')
/** RFC 6120 §5.4.2.3. */
export const Proceed = marker(NS_TLS, 'proceed')

/** RFC 6120 §6.4.1. */
export const Mechanisms = element(NS_SASL, 'mechanisms', { names: childTexts('mechanism') })
/** RFC 6120 §6.4.2; a single `=` is an initial response without content. */
export const Auth = element(NS_SASL, 'auth', { mechanism: attr('mechanism'), initial: optional(text()) })
/** RFC 6120 §6.4.3; empty is a challenge without data. */
export const Challenge = element(NS_SASL, 'challenge', { data: optional(text()) })
/** RFC 6120 §6.4.3. */
export const Response = element(NS_SASL, 'response', { data: text() })
/** RFC 6120 §6.4.6. */
export const Success = element(NS_SASL, 'success', { data: optional(text()) })

const ChannelBindingType = element(NS_SASL_CB, 'channel-binding', { type: attr('type') })
/** XEP-0440 §3. */
export const SaslChannelBinding = element(NS_SASL_CB, 'sasl-channel-binding', { types: children(ChannelBindingType) })

/** RFC 6120 §7.6: what the client asks for. */
export const BindRequest = element(NS_BIND, 'bind', { resource: optional(childText('resource')) })
/** RFC 6120 §7.6: what it got. */
export const BindResult = element(NS_BIND, 'bind', { jid: childText('jid', jid) })

/** XEP-0199 §4.2: asked of the own server; any answer will do. */
export const pingServer = iqGet(marker(NS_PING, 'ping'))
