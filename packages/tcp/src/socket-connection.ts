import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ChannelBinding, Connection, ConnectionListener, TlsFacts } from '@couplet/client'
import { channelBindings } from './certificate.js'
import { secure, type TlsSettings } from './handshake.js'

/** Bytes on their way to the network below which {@link Connection.drained} resolves. */
const lowWater = 65_536

/** A TCP connection, with TLS from the start or later. */
export class SocketConnection implements Connection {
  readonly endpoint: string
  readonly framed = false
  readonly #settings: TlsSettings
  #socket: Socket
  #listener: ConnectionListener | undefined
  #bindings: readonly ChannelBinding[] | undefined
  #error: Error | undefined
  #closed = false
  #upgrading = false
  #out: string[] = []
  /** UTF-16 units in it. */
  #outUnits = 0
  #flushing: NodeJS.Immediate | undefined
  #drainWaiters: (() => void)[] = []

  constructor(socket: Socket, endpoint: string, settings: TlsSettings) {
    this.#socket = socket
    this.endpoint = endpoint
    this.#settings = settings
    this.#watch(socket)
  }

  get secure(): boolean {
    return this.#socket instanceof TLSSocket && this.#socket.authorized
  }

  get channelBindings(): readonly ChannelBinding[] {
    if (!(this.#socket instanceof TLSSocket)) return []
    this.#bindings ??= channelBindings(this.#socket)
    return this.#bindings
  }

  get tls(): TlsFacts | undefined {
    const socket = this.#socket
    if (!(socket instanceof TLSSocket)) return undefined
    const protocol = socket.getProtocol()
    const { raw } = socket.getPeerCertificate()
    if (!protocol || !raw) return undefined // the connection is gone
    return { protocol, cipher: socket.getCipher().standardName, certificate: raw }
  }

  get buffered(): number {
    return this.#socket.writableLength + this.#outUnits
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener
    this.#read()
    if (this.#closed) listener.closed(this.#error)
  }

  write(text: string): void {
    this.#out.push(text)
    this.#outUnits += text.length
    // Everything that one turn of the event loop sends leaves in one packet: a write each costs five times as much.
    this.#flushing ??= setImmediate(() => this.#flush())
  }

  async drained(): Promise<void> {
    while (this.buffered > lowWater && !this.#closed && !this.#socket.destroyed) {
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve))
    }
  }

  pause(paused: boolean): void {
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  async startTls(signal: AbortSignal): Promise<void> {
    const plain = this.#socket
    this.#flush()
    plain.removeAllListeners()
    this.#upgrading = true
    try {
      const socket = await secure(plain, this.#settings, signal)
      this.#socket = socket
      this.#watch(socket)
      this.#read()
    } catch (error) {
      this.#error = error as Error
      this.#end()
      throw error
    } finally {
      this.#upgrading = false
    }
  }

  end(): void {
    this.#flush()
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #flush(): void {
    clearImmediate(this.#flushing)
    this.#flushing = undefined
    if (this.#out.length === 0 || this.#upgrading) return // nothing in the clear between the records of a handshake
    const text = this.#out.length === 1 ? (this.#out[0] as string) : this.#out.join('')
    this.#out = []
    this.#outUnits = 0
    if (this.#socket.writable) this.#socket.write(text)
  }

  #read(): void {
    const listener = this.#listener
    if (listener !== undefined) this.#socket.on('data', (chunk: Buffer) => listener.data(chunk))
  }

  #watch(socket: Socket): void {
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('drain', () => this.#wakeDrained())
    socket.on('close', () => this.#end())
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    clearImmediate(this.#flushing)
    this.#wakeDrained()
    this.#listener?.closed(this.#error)
  }

  #wakeDrained(): void {
    for (const wake of this.#drainWaiters.splice(0)) wake()
  }
}
