import { WebSocket } from 'ws'
import type { Socket, SocketOptions } from './open-socket.js'

/** Bytes of the longest frame; a longer one closes the connection. */
const maxPayload = 16_777_216

/** Opens a WebSocket with `ws`: Node 20 has none of its own, and later ones cannot be told whom to trust. */
export function openSocket(url: URL, protocol: string, { ca }: SocketOptions): Socket {
  return new WebSocket(url, protocol, {
    perMessageDeflate: false, // compression before encryption leaks what it compresses
    followRedirects: false,
    rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    maxPayload, // before the limits of the parser, which sees whole frames only
    ...(ca !== undefined && { ca: [ca].flat() }),
  })
}
