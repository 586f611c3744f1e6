import { attr, element, type Infer, oneOf, optional, uint } from '@couplet/stanza'

/** XEP-0124 §5: the wrapper of everything. */
export const NS_BOSH = 'http://jabber.org/protocol/httpbind'
/** XEP-0206: what XMPP adds to it. */
export const NS_XBOSH = 'urn:xmpp:xbosh'
/** The relation of a BOSH endpoint in host-meta (XEP-0156 §3). */
export const REL_XBOSH = 'urn:xmpp:alt-connections:xbosh'

/** The attributes of a response (XEP-0124 §7.2); times in seconds, but `time`, which is not read. */
export const ResponseHead = element(NS_BOSH, 'body', {
  /** What the server ended or did not get (XEP-0124 §17). */
  type: optional(attr('type', oneOf('error', 'terminate'))),
  /** Why the session ended (XEP-0124 §17.2). */
  condition: optional(attr('condition')),
  /** The session; a secret. */
  sid: optional(attr('sid')),
  /** The longest time a request is held. */
  wait: optional(attr('wait', uint)),
  /** How many requests may be unanswered. */
  requests: optional(attr('requests', uint)),
  /** The shortest time between two empty requests. */
  polling: optional(attr('polling', uint)),
  /** The longest time without a request. */
  inactivity: optional(attr('inactivity', uint)),
  /** The request whose answer the server believes to be lost (XEP-0124 §9.2). */
  report: optional(attr('report', uint)),
  /** Who speaks. */
  from: optional(attr('from')),
  /** The id of the XMPP stream. */
  authid: optional(attr('authid')),
  /** The version of XMPP (XEP-0206 §4). */
  version: optional(attr(`{${NS_XBOSH}}version`)),
})
/** What {@link ResponseHead} reads. */
export type ResponseHead = Infer<typeof ResponseHead>
