import type { ChannelBinding, Connection, ConnectionListener } from '@couplet/client'
import type { ConnectionEnds, FaultConnection } from './fault-connection.js'
import type { CutKind, FaultDirection } from './fault-controls.js'
import type { Piece } from './fault-line.js'

// Taken now, so that a test's fake timers do not stop the connection.
const nextTurn = setImmediate
const encoder = new TextEncoder()

/** UTF-16 units that wait for a reader below which {@link Connection.drained} resolves. */
const lowWater = 65_536

/** The client's end of a connection with faults, in front of the connection it would have had. */
export class FaultedConnection implements Connection {
  readonly startTls?: (signal: AbortSignal) => Promise<void>
  readonly #inner: Connection
  readonly #faults: FaultConnection
  /** Connections take text: a character that is divided leaves with its last byte. */
  readonly #decoder = new TextDecoder()
  readonly #reading: Record<FaultDirection, boolean> = { up: true, down: true }
  /** What the client has written and nobody reads at present. */
  #waiting: string[] = []
  #listener: ConnectionListener | undefined
  #paused = false
  #ended = false
  #innerClosed = false
  /** Why the client's end is closed, once it is. */
  #closed: CutKind | undefined
  #wakeDrained: (() => void)[] = []

  constructor(inner: Connection, open: (ends: ConnectionEnds) => FaultConnection) {
    this.#inner = inner
    this.#faults = open(this.#ends())
    this.#hold()
    if (inner.startTls !== undefined) {
      this.startTls = async (signal) => {
        await this.#faults.up.idle(signal) // what was sent in the clear goes before
        await inner.startTls?.(signal)
      }
    }
    inner.listen({
      data: (chunk) => this.#faults.push('down', chunk),
      closed: (error) => {
        this.#innerClosed = true
        if (this.#closed !== undefined) this.#faults.over()
        this.#faults.up.kill()
        this.#faults.down.finish(error === undefined ? 'end' : 'reset')
      },
    })
  }

  get endpoint(): string {
    return this.#inner.endpoint
  }

  get secure(): boolean {
    return this.#inner.secure
  }

  get framed(): boolean {
    return this.#inner.framed
  }

  get channelBindings(): readonly ChannelBinding[] {
    return this.#inner.channelBindings
  }

  get buffered(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, this.#inner.buffered)
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener
    if (this.#closed !== undefined) this.#tellClosed()
    this.#hold()
  }

  write(text: string): void {
    if (this.#ended) return
    if (this.#reading.up) this.#send(text)
    else this.#waiting.push(text)
  }

  async drained(): Promise<void> {
    while (this.buffered > lowWater && this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#wakeDrained.push(resolve))
    }
    if (this.#closed === undefined) await this.#inner.drained()
  }

  pause(paused: boolean): void {
    this.#paused = paused
    this.#hold()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#waiting.length === 0) this.#faults.up.finish('end')
  }

  destroy(): void {
    if (this.#closed !== undefined) return
    this.#faults.down.kill()
    this.#close('end')
    // The server learns of it when the news has come through.
    if (this.#innerClosed) this.#faults.over()
    else this.#faults.up.finish('reset')
  }

  #ends(): ConnectionEnds {
    return {
      turns: false,
      write: (direction, piece) => {
        this.#deliver(direction, piece)
        return true
      },
      finish: (direction, how) => {
        if (direction === 'up' && how === 'end') this.#inner.end()
        else if (direction === 'up') this.#inner.destroy()
        else this.#close(how)
        if (this.#closed !== undefined && (this.#innerClosed || how === 'reset')) this.#faults.over()
      },
      read: (direction, reading) => {
        this.#reading[direction] = reading
        if (direction === 'down') this.#hold()
        else if (reading) this.#flush()
      },
      cut: (how) => {
        if (how === 'end') this.#inner.end()
        else this.#inner.destroy()
        this.#close(how)
      },
    }
  }

  #deliver(direction: FaultDirection, piece: Piece): void {
    if (direction === 'down') {
      this.#listener?.data(piece)
      return
    }
    const text = typeof piece === 'string' ? piece : this.#decoder.decode(piece, { stream: true })
    if (text !== '') this.#inner.write(text)
  }

  #send(text: string): void {
    this.#faults.push('up', this.framed ? text : encoder.encode(text))
  }

  /** The server reads again. */
  #flush(): void {
    if (this.#waiting.length === 0) return
    for (const text of this.#waiting.splice(0)) this.#send(text)
    if (this.#ended) this.#faults.up.finish('end')
    this.#wake()
  }

  #hold(): void {
    // While the connection is made it has no lines yet.
    if ((this.#faults as FaultConnection | undefined) === undefined) return
    const held = this.#paused || !this.#reading.down
    this.#faults.down.hold(held || this.#listener === undefined)
    this.#inner.pause(held)
  }

  #close(how: CutKind): void {
    if (this.#closed !== undefined) return
    this.#closed = how
    this.#ended = true
    this.#waiting = []
    this.#wake()
    if (this.#listener !== undefined) this.#tellClosed()
  }

  #tellClosed(): void {
    const error = this.#closed === 'reset' ? new Error('the connection was reset') : undefined
    nextTurn(() => this.#listener?.closed(error))
  }

  #wake(): void {
    for (const wake of this.#wakeDrained.splice(0)) wake()
  }
}
