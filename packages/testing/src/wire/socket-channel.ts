import { createHash, X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TestCertificate } from '../test-authority.js'
import type { Channel, ChannelKind, ChannelListener } from './channel.js'

/** The channel bindings of a server's end (RFC 9266 §2, RFC 5929 §4). */
export function tlsBinding(socket: TLSSocket, certificate: TestCertificate, type: string): Uint8Array | undefined {
  if (type === 'tls-server-end-point') {
    return createHash('sha256').update(new X509Certificate(certificate.cert).raw).digest()
  }
  if (type !== 'tls-exporter' || socket.getProtocol() !== 'TLSv1.3') return undefined
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
}

/** A TCP or TLS connection as a channel. */
export class SocketChannel implements Channel {
  readonly kind: ChannelKind
  readonly framed = false
  #socket: Socket
  #tls: TLSSocket | undefined
  #certificate: TestCertificate | undefined
  #listener: ChannelListener | undefined
  #early: Uint8Array[] = []
  #error: Error | undefined
  #closed = false

  /** @param certificate the one of the TLS connection that `socket` is; `undefined` for TCP */
  constructor(socket: Socket, certificate?: TestCertificate) {
    this.kind = certificate === undefined ? 'tcp' : 'tls'
    this.#socket = socket
    if (certificate !== undefined) {
      this.#tls = socket as TLSSocket
      this.#certificate = certificate
    }
    socket.setNoDelay(true)
    this.#attach(socket)
  }

  get secure(): boolean {
    return this.#tls !== undefined
  }

  binding(type: string): Uint8Array | undefined {
    return this.#tls && this.#certificate && tlsBinding(this.#tls, this.#certificate, type)
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener
    for (const chunk of this.#early.splice(0)) listener.data(chunk)
    if (this.#closed) listener.closed(this.#error)
  }

  write(data: string | Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(data)
  }

  async startTls(certificate: TestCertificate): Promise<void> {
    const { TLSSocket } = await import('node:tls')
    const plain = this.#socket
    plain.removeAllListeners('data').removeAllListeners('error').removeAllListeners('close')
    const tls = new TLSSocket(plain, { isServer: true, ...certificate, ALPNProtocols: ['xmpp-client'] })
    this.#socket = tls
    this.#tls = tls
    this.#certificate = certificate
    plain.on('error', (error) => tls.destroy(error))
    this.#attach(tls)
    await new Promise<void>((resolve, reject) => {
      tls.once('secure', resolve)
      tls.once('error', reject)
      tls.once('close', () => reject(this.#error ?? new Error('the connection was closed during the TLS handshake')))
    })
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #attach(socket: Socket): void {
    socket.on('data', (chunk) => {
      if (this.#listener === undefined) this.#early.push(chunk)
      else this.#listener.data(chunk)
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      if (this.#closed) return
      this.#closed = true
      this.#listener?.closed(this.#error)
    })
  }
}
