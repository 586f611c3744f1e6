import type { Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TestCertificate } from '../test-authority.js'
import type { Channel, ChannelKind } from './channel.js'
import { SocketChannel } from './socket-channel.js'

/** How clients come over the network. */
export type ListenerKind = Exclude<ChannelKind, 'memory'>

/** A port that is listened on. */
export interface Listener {
  /** What a client is given as its `service`. */
  readonly service: URL
  /** Stops listening; resolves when the last connection is gone. */
  close(): Promise<void>
  /** Breaks what is still connected, also what never got as far as a channel. */
  destroy(): void
}

/** What to listen with. */
export interface ListenerOptions {
  readonly kind: ListenerKind
  /** The TCP port; 0 takes any that is free. */
  readonly port: number
  /** What TLS is offered with; TCP needs it only to upgrade. */
  readonly certificate: TestCertificate
  /** Gets each connection. */
  accept(channel: Channel): void
}

const loopback = '127.0.0.1'

/** Listens on the loopback interface. What TLS and WebSocket take is loaded when it is needed. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { server, service } = await open[options.kind](options)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, loopback, resolve)
  })
  const { port } = server.address() as { port: number }
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return {
    service: new URL(service.replace('PORT', String(port))),
    close: () => new Promise((resolve) => server.close(() => resolve())),
    destroy: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

type Opened = Promise<{ readonly server: Server; readonly service: string }>

const open: Readonly<Record<ListenerKind, (options: ListenerOptions) => Opened>> = {
  async tcp({ accept }) {
    const { createServer } = await import('node:net')
    const server = createServer((socket) => accept(new SocketChannel(socket)))
    return { server, service: `xmpp://${loopback}:PORT` }
  },

  async tls({ accept, certificate }) {
    const { createServer } = await import('node:tls')
    const options = { ...certificate, ALPNProtocols: ['xmpp-client'] }
    const server = createServer(options, (socket) => accept(new SocketChannel(socket, certificate)))
    server.on('tlsClientError', () => {}) // the client knows why
    return { server, service: `xmpps://${loopback}:PORT` }
  },

  async websocket({ accept, certificate }) {
    const [{ createServer }, { WebSocketServer }, { WebSocketChannel }] = await Promise.all([
      import('node:https'),
      import('ws'),
      import('./websocket-channel.js'),
    ])
    const server = createServer(certificate, (_request, response) => response.writeHead(426).end())
    server.on('tlsClientError', () => {})
    const handleProtocols = (offered: Set<string>): string | false => offered.has('xmpp') && 'xmpp'
    const sockets = new WebSocketServer({ noServer: true, handleProtocols })
    server.on('upgrade', (request, socket, head) => {
      // RFC 7395 §3.1: without the subprotocol it is not XMPP.
      if (!/\bxmpp\b/.test(request.headers['sec-websocket-protocol'] ?? '')) {
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
        return
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        accept(new WebSocketChannel(webSocket, socket as TLSSocket, certificate)),
      )
    })
    return { server, service: `wss://${loopback}:PORT/xmpp` }
  },
}
