/**
 * XMPP over WebSocket for browsers and Node (RFC 7395), with discovery by host-meta (XEP-0156).
 *
 * @module
 */
export type { Fetch } from './host-meta.js'
export type { SocketOptions } from './open-socket.js'
export { type WebSocketOptions, webSocket } from './websocket.js'
