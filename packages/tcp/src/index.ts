/**
 * XMPP over TCP for Node: STARTTLS and direct TLS (RFC 6120 §3).
 * XEP-0368: SRV records for XMPP over TLS (1.1.0).
 * XEP-0495: Happy Eyeballs (0.1.0).
 *
 * @module
 */
export type { SrvResolver } from './endpoints.js'
export { type TcpOptions, tcp } from './tcp.js'
