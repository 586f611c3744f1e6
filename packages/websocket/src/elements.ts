import { attr, children, element, optional } from '@couplet/stanza'

const NS_XRD = 'http://docs.oasis-open.org/ns/xri/xrd-1.0'

/** The relation of a WebSocket endpoint in host-meta, in both its forms (XEP-0156 §3). */
export const REL_WEBSOCKET = 'urn:xmpp:alt-connections:websocket'

// Links to other things have other attributes: `template` instead of `href` (RFC 6415 §3.1.1).
const Link = element(NS_XRD, 'Link', { rel: optional(attr('rel')), href: optional(attr('href')) })

/** The links of a `host-meta` document (RFC 6415 §3). */
export const HostMeta = element(NS_XRD, 'XRD', { links: children(Link) })
