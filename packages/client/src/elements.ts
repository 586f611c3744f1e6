/**
 * What RFC 6120, RFC 7395 and the extensions of the login have on the wire before there is a session: for both sides.
 *
 * @module
 */

import {
  attr,
  base64,
  bool,
  child,
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
/** RFC 6120 §6.4.4: gives up. */
export const Abort = marker(NS_SASL, 'abort')
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

/** XEP-0388: the extensible profile of SASL. */
export const NS_SASL2 = 'urn:xmpp:sasl:2'
/** XEP-0386: binding while authenticating. */
export const NS_BIND2 = 'urn:xmpp:bind:0'
/** XEP-0484: tokens for the next login. */
export const NS_FAST = 'urn:xmpp:fast:0'
/** XEP-0478: what a server takes. */
export const NS_STREAM_LIMITS = 'urn:xmpp:stream-limits:0'

const InlineBindFeature = element(NS_BIND2, 'feature', { var: attr('var') })
const InlineBindFeatures = element(NS_BIND2, 'inline', { features: children(InlineBindFeature) })
/** XEP-0386 §3.1: the server can bind while it authenticates, and switch these on with it. */
export const Bind2Feature = element(NS_BIND2, 'bind', { inline: optional(child(InlineBindFeatures)) })
/** XEP-0386 §3.2; what is to be switched on is added as further children. */
export const Bind2Request = element(NS_BIND2, 'bind', { tag: optional(childText('tag')) })
/** XEP-0386 §3.2: the answer; the answers of what was switched on are further children. */
export const Bound = element(NS_BIND2, 'bound', {})

/** XEP-0484 §3.1: the mechanisms for tokens. */
export const FastFeature = element(NS_FAST, 'fast', {
  zeroRtt: optional(attr('tls-0rtt', bool)),
  mechanisms: childTexts('mechanism'),
})
/** XEP-0484 §3.2: asks for a token for this mechanism. */
export const RequestToken = element(NS_FAST, 'request-token', { mechanism: attr('mechanism') })
/** XEP-0484 §3.3. A secret. `expiry` is text, since one that cannot be read makes the token useless and nothing else. */
export const FastToken = element(NS_FAST, 'token', { expiry: optional(attr('expiry')), token: attr('token') })
/** XEP-0484 §3.4, §3.6: this authentication is by a token. */
export const FastUse = element(NS_FAST, 'fast', {
  count: optional(attr('count', uint)),
  invalidate: optional(attr('invalidate', bool)),
})

const InlineFeatures = element(NS_SASL2, 'inline', {
  bind: optional(child(Bind2Feature)),
  sm: optional(child(SmFeature)),
  fast: optional(child(FastFeature)),
})
/** XEP-0388 §2.1: the mechanisms, and what can be done while authenticating. */
export const Authentication = element(NS_SASL2, 'authentication', {
  mechanisms: childTexts('mechanism'),
  inline: optional(child(InlineFeatures)),
})
/** XEP-0388 §2.3: who is connecting; `id` is a UUID v4 that stays the same. */
export const UserAgent = element(NS_SASL2, 'user-agent', {
  id: optional(attr('id')),
  software: optional(childText('software')),
  device: optional(childText('device')),
})
/** XEP-0388 §2.3; what is done inline is added as further children. */
export const Authenticate = element(NS_SASL2, 'authenticate', {
  mechanism: attr('mechanism'),
  initial: optional(childText('initial-response', base64)),
  userAgent: optional(child(UserAgent)),
})
/** XEP-0388 §2.5. */
export const Challenge2 = element(NS_SASL2, 'challenge', { data: text(base64) })
/** XEP-0388 §2.5. */
export const Response2 = element(NS_SASL2, 'response', { data: text(base64) })
/** XEP-0388 §2.4: gives up. */
export const Abort2 = marker(NS_SASL2, 'abort')
/** XEP-0388 §2.6.1; a full JID if a resource is bound. The results of what was done inline are further children. */
export const Success2 = element(NS_SASL2, 'success', {
  additionalData: optional(childText('additional-data', base64)),
  authorizationIdentifier: childText('authorization-identifier', jid),
})
/** XEP-0388 §2.6.3: authenticated, but something else is to be done first. */
export const Continue = element(NS_SASL2, 'continue', {
  additionalData: optional(childText('additional-data', base64)),
})

/** XEP-0478 §3.1: sizes in bytes, times in seconds. */
export const StreamLimits = element(NS_STREAM_LIMITS, 'limits', {
  maxBytes: optional(childText('max-bytes', uint)),
  idleSeconds: optional(childText('idle-seconds', uint)),
})
