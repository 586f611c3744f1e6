import { type Connection, ConnectionError, type ConnectionListener, type Transport } from '@couplet/client'
import type { Channel, ChannelListener } from './channel.js'

// Taken now, so that a test's fake timers do not stop the connection.
const nextTurn = setImmediate
const encoder = new TextEncoder()

type Item = Uint8Array | string
const endMark = Symbol('end')

/**
 * One end of a connection in memory. What is written arrives in the next turn of the event loop, and in the order in which
 * it was written on all connections of the process: two clients of a test cannot overtake each other.
 */
class PipeEnd {
  peer!: PipeEnd
  readonly framed: boolean
  #inbox: (Item | typeof endMark)[] = []
  #listener: { data(chunk: Uint8Array | string): void; closed(error: Error | undefined): void } | undefined
  #paused = false
  /** Items whose turn came when they could not be delivered. */
  #overdue = 0
  #ended = false
  #closed = false

  constructor(framed: boolean) {
    this.framed = framed
  }

  listen(listener: ConnectionListener | ChannelListener): void {
    this.#listener = listener
    this.#catchUp()
  }

  write(data: string | Uint8Array): void {
    if (this.#ended) return
    const chunk = typeof data === 'string' && !this.framed ? encoder.encode(data) : data
    this.peer.#push(chunk)
  }

  pause(paused: boolean): void {
    this.#paused = paused
    this.#catchUp()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.peer.#push(endMark)
  }

  destroy(): void {
    this.end()
    this.#inbox = [endMark]
    this.#paused = false
    this.#schedule(1)
  }

  #push(item: Item | typeof endMark): void {
    if (this.#closed) return
    this.#inbox.push(item)
    this.#schedule(1)
  }

  #catchUp(): void {
    const count = this.#overdue
    this.#overdue = 0
    if (count > 0) this.#schedule(count)
  }

  #schedule(count: number): void {
    nextTurn(() => this.#deliver(count))
  }

  #deliver(count: number): void {
    for (let left = count; left > 0 && !this.#closed; left--) {
      if (this.#listener === undefined || this.#paused) {
        this.#overdue += left
        return
      }
      const item = this.#inbox.shift()
      if (item === undefined) return
      if (item !== endMark) this.#listener.data(item)
      else this.#finish(this.#listener)
    }
  }

  #finish(listener: { closed(error: Error | undefined): void }): void {
    this.end()
    this.#closed = true
    listener.closed(undefined)
  }
}

const endpoint = 'memory:'

/** Options of a transport in memory. */
export interface MemoryTransportOptions {
  /** Whether each element travels in a frame of its own, as over WebSocket (RFC 7395); default false. */
  readonly framed?: boolean
}

/**
 * A transport that ends in this process; `accept` gets the server's end of each connection.
 *
 * @param isOpen whether connections are accepted now; otherwise they are refused
 */
export function memoryTransport(
  accept: (channel: Channel) => void,
  isOpen: () => boolean,
  { framed = false }: MemoryTransportOptions = {},
): Transport {
  return {
    name: 'memory',
    schemes: [],
    async connect({ signal, tried }) {
      signal.throwIfAborted()
      if (tried?.has(endpoint)) throw new ConnectionError('tcp', 'no-endpoint', 'there is one server in this process')
      if (!isOpen()) throw new ConnectionError('tcp', 'refused', 'the server does not run')
      const client = new PipeEnd(framed)
      const server = new PipeEnd(framed)
      client.peer = server
      server.peer = client
      accept(serverEnd(server))
      return clientEnd(client)
    },
  }
}

function serverEnd(pipe: PipeEnd): Channel {
  return {
    kind: 'memory',
    secure: true,
    framed: pipe.framed,
    binding: () => undefined,
    listen: (listener) => pipe.listen(listener),
    write: (data) => pipe.write(data),
    end: () => pipe.end(),
    destroy: () => pipe.destroy(),
  }
}

function clientEnd(pipe: PipeEnd): Connection {
  return {
    endpoint,
    secure: true,
    framed: pipe.framed,
    channelBindings: [],
    buffered: 0,
    listen: (listener) => pipe.listen(listener),
    write: (text) => pipe.write(text),
    drained: async () => {},
    pause: (paused) => pipe.pause(paused),
    end: () => pipe.end(),
    destroy: () => pipe.destroy(),
  }
}
