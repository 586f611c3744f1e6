import type { ChannelBinding, Connection, ConnectionListener } from '@couplet/client'
import type { Socket } from './open-socket.js'

/** UTF-16 units on their way to the network below which {@link Connection.drained} resolves. */
const lowWater = 65_536
/** Milliseconds between two looks at how much is on its way: a WebSocket has no event for that. */
const drainInterval = 20

/** RFC 6455 §7.4.1: done, going away, and no code at all. */
const ordinaryCodes: ReadonlySet<number> = new Set([1000, 1001, 1005])

/** A WebSocket on which XMPP is spoken (RFC 7395). */
export class FramedConnection implements Connection {
  readonly endpoint: string
  readonly secure: boolean
  readonly framed = true
  // A browser tells nothing about its TLS connection (and a proxy may have ended it).
  readonly channelBindings: readonly ChannelBinding[] = []
  readonly #socket: Socket
  #listener: ConnectionListener | undefined
  #closed = false
  #paused = false
  #error: Error | undefined
  #waiting: (string | Uint8Array)[] = []

  constructor(socket: Socket, url: URL) {
    this.#socket = socket
    this.endpoint = url.href
    this.secure = url.protocol === 'wss:'
    socket.addEventListener('message', ({ data }) => this.#receive(data))
    socket.addEventListener('error', () => {
      this.#error = new Error('the WebSocket failed') // the event says no more
    })
    socket.addEventListener('close', (event) => {
      const { code = 1000 } = (event ?? {}) as { readonly code?: number }
      if (!ordinaryCodes.has(code)) this.#error ??= new Error(`the WebSocket was closed with code ${code}`)
      this.#end()
    })
  }

  get buffered(): number {
    return this.#socket.bufferedAmount
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener
    this.#deliver()
    if (this.#closed) listener.closed(this.#error)
  }

  write(text: string): void {
    if (!this.#closed) this.#socket.send(text)
  }

  async drained(): Promise<void> {
    while (!this.#closed && this.buffered > lowWater) {
      await new Promise((resolve) => setTimeout(resolve, drainInterval))
    }
  }

  /** A WebSocket cannot stop reading; what comes meanwhile is kept. */
  pause(paused: boolean): void {
    this.#paused = paused
    this.#deliver()
  }

  end(): void {
    this.#socket.close(1000)
  }

  destroy(): void {
    if (this.#socket.terminate === undefined) this.#socket.close()
    else this.#socket.terminate()
    this.#end() // its own close event waits for the peer
  }

  #receive(data: unknown): void {
    // RFC 7395 §3.2: text only. Invalid on purpose, so that the parser refuses it as it refuses everything else.
    this.#waiting.push(typeof data === 'string' ? data : '\0')
    this.#deliver()
  }

  #deliver(): void {
    while (!this.#paused && this.#listener !== undefined && this.#waiting.length > 0 && !this.#closed) {
      this.#listener.data(this.#waiting.shift() as string)
    }
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#listener?.closed(this.#error)
  }
}
