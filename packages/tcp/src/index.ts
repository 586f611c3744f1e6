/**
 * XMPP over TCP for Node: SRV records, STARTTLS, and direct TLS (RFC 6120 §3, XEP-0368).
 *
 * @module
 */
export type { SrvResolver } from './endpoints.js'
export { type TcpOptions, tcp } from './tcp.js'
