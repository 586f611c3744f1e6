import {
  attr,
  childText,
  childTexts,
  element,
  jid,
  marker,
  optional,
  text,
  type XmlElement,
  xml,
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
/** RFC 6121 §2: the roster. */
export const NS_ROSTER = 'jabber:iq:roster'
/** XEP-0280: message carbons. */
export const NS_CARBONS = 'urn:xmpp:carbons:2'
/** XEP-0199: ping. */
export const NS_PING = 'urn:xmpp:ping'

/** RFC 6120 §5.4.2.1: what the client asks for. */
export const StartTls = marker(NS_TLS, 'starttls')
/** RFC 6120 §5.4.2.3. */
export const Proceed = marker(NS_TLS, 'proceed')
/** RFC 6120 §6.4.1. */
export const Mechanisms = element(NS_SASL, 'mechanisms', { names: childTexts('mechanism') })
/** RFC 6120 §6.4.2; a single `=` is an initial response without content. */
export const Auth = element(NS_SASL, 'auth', { mechanism: attr('mechanism'), initial: optional(text()) })
/** RFC 6120 §6.4.3. */
export const Challenge = element(NS_SASL, 'challenge', { data: optional(text()) })
/** RFC 6120 §6.4.3. */
export const Response = element(NS_SASL, 'response', { data: optional(text()) })
/** RFC 6120 §6.4.6. */
export const Success = element(NS_SASL, 'success', { data: optional(text()) })
/** RFC 6120 §7.6: what the client asks for. */
export const BindRequest = element(NS_BIND, 'bind', { resource: optional(childText('resource')) })
/** RFC 6120 §7.6: what it gets. */
export const BindResult = element(NS_BIND, 'bind', { jid: childText('jid', jid) })
/** RFC 6120 §6.4.5. */
export function saslFailure(condition: string): XmlElement {
  return xml(NS_SASL, 'failure', {}, xml(NS_SASL, condition))
}

/** XEP-0440 §3. */
export function channelBindingFeature(types: readonly string[]): XmlElement {
  return xml(
    NS_SASL_CB,
    'sasl-channel-binding',
    {},
    ...types.map((type) => xml(NS_SASL_CB, 'channel-binding', { type })),
  )
}

/** XEP-0359: ids that servers give. */
export const NS_STANZA_ID = 'urn:xmpp:sid:0'
/** XEP-0359 §3.2. */
export const StanzaId = element(NS_STANZA_ID, 'stanza-id', { id: attr('id'), by: attr('by', jid) })
/** XEP-0334: what to do with a message. */
export const NS_HINTS = 'urn:xmpp:hints'
