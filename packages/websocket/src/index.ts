/**
 * XMPP over WebSocket for browsers and Node (RFC 7395).
 * XEP-0156: Discovering Alternative XMPP Connection Methods (1.4.0).
 *
 * @module
 */
export type { Fetch } from './host-meta.js'
export type { SocketOptions } from './open-socket.js'
export { type WebSocketOptions, webSocket } from './websocket.js'
