import type { TLSSocket } from 'node:tls'
import type { WebSocket } from 'ws'
import type { TestCertificate } from '../test-authority.js'
import type { Channel, ChannelListener } from './channel.js'
import { tlsBinding } from './socket-channel.js'

/** A WebSocket connection over TLS as a channel (RFC 7395). */
export class WebSocketChannel implements Channel {
  readonly kind = 'websocket'
  readonly secure = true
  readonly framed = true
  readonly #socket: WebSocket
  readonly #tls: TLSSocket
  readonly #certificate: TestCertificate
  #listener: ChannelListener | undefined
  #early: (string | Uint8Array)[] = []
  #error: Error | undefined
  #closed = false

  constructor(socket: WebSocket, tls: TLSSocket, certificate: TestCertificate) {
    this.#socket = socket
    this.#tls = tls
    this.#certificate = certificate
    socket.on('message', (data, isBinary) => {
      const bytes = data as Buffer // the default binaryType of ws
      const frame = isBinary ? bytes : bytes.toString()
      if (this.#listener === undefined) this.#early.push(frame)
      else this.#listener.data(frame)
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.#closed = true
      this.#listener?.closed(this.#error)
    })
  }

  binding(type: string): Uint8Array | undefined {
    return tlsBinding(this.#tls, this.#certificate, type)
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener
    for (const frame of this.#early.splice(0)) listener.data(frame)
    if (this.#closed) listener.closed(this.#error)
  }

  write(data: string | Uint8Array): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(data)
  }

  end(): void {
    this.#socket.close(1000)
  }

  destroy(): void {
    this.#socket.terminate()
  }
}
