/**
 * What RFC 6120 and RFC 7395 have on the wire before there is a session: for both sides of it.
 *
 * @module
 */

import {
  attr,
  bool,
  children,
  childText,
  childTexts,
  element,
  iqGet,
  jid,
  marker,
  optional,
  text,
  uint,
} from '@couplet/stanza'

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

/** XEP-0198: stream management. */
export const NS_SM = 'urn:xmpp:sm:3'

/** XEP-0198 §2: the server offers it. */
export const SmFeature = marker(NS_SM, 'sm')
/** XEP-0198 §3; `max` in seconds. */
export const Enable = element(NS_SM, 'enable', {
  resume: optional(attr('resume', bool)),
  max: optional(attr('max', uint)),
})
/** XEP-0198 §3; `max` in seconds, `location` as `host:port`. */
export const Enabled = element(NS_SM, 'enabled', {
  id: optional(attr('id')),
  resume: optional(attr('resume', bool)),
  max: optional(attr('max', uint)),
  location: optional(attr('location')),
})
/** XEP-0198 §5; `h` counts what was handled, modulo 2³². */
export const Resume = element(NS_SM, 'resume', { h: attr('h', uint), previd: attr('previd') })
/** XEP-0198 §5. */
export const Resumed = element(NS_SM, 'resumed', { h: attr('h', uint), previd: attr('previd') })
/** XEP-0198 §3, §5; the condition is a child in the namespace of stanza errors. */
export const Failed = element(NS_SM, 'failed', { h: optional(attr('h', uint)) })
/** XEP-0198 §4: how far are you? */
export const AckRequest = marker(NS_SM, 'r')
/** XEP-0198 §4: this far. */
export const Ack = element(NS_SM, 'a', { h: attr('h', uint) })
