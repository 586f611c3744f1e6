import { WebSocket } from 'ws'
import type { Socket, SocketOptions } from './open-socket.js'

/** Opens a WebSocket with `ws`: Node 20 has none of its own, and later ones cannot be told whom to trust. */
export function openSocket(url: URL, protocol: string, { ca }: SocketOptions): Socket {
  return new WebSocket(url, protocol, {
    perMessageDeflate: false, // compression before encryption leaks what it compresses
    followRedirects: false,
    ...(ca !== undefined && { ca: [ca].flat() }),
  })
}
