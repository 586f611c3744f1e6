import type { Transport } from '@couplet/client'
import type { Fetch } from './host-meta.js'
import type { SocketOptions } from './open-socket.js'

/** Options of {@link webSocket}. */
export interface WebSocketOptions extends SocketOptions {
  /** How host-meta is fetched; default: the platform's `fetch`. */
  readonly fetch?: Fetch | undefined
}

/**
 * XMPP over WebSocket (RFC 7395), the same in browsers and Node. The endpoint is found by XEP-0156, or given as `service`.
 *
 * @example
 * ```ts
 * import { createClient } from '@couplet/client'
 * import { webSocket } from '@couplet/websocket'
 *
 * const client = createClient({ jid: 'me@example.org', password: 'secret', transports: [webSocket()] })
 * ```
 */
export function webSocket(options: WebSocketOptions = {}): Transport {
  return {
    name: 'websocket',
    schemes: ['wss', 'ws'],
    // A page shows something before it connects: what that takes is not in its first chunk.
    connect: async (target) => (await import('./reach.js')).reach(target, options),
  }
}
