import type { Clock } from './clock.js'
import { type CutKind, calm, FaultControls, type FaultDirection, type LineSettings } from './fault-controls.js'
import { FaultLine, type Piece } from './fault-line.js'

/** What a connection with faults leads to: sockets, or another connection. */
export interface ConnectionEnds {
  /** Hands a piece on; returns false if there is no room for more until the line is told so. */
  write(direction: FaultDirection, piece: Piece): boolean
  /** Hands on that nothing more comes. */
  finish(direction: FaultDirection, how: CutKind): void
  /** Starts or stops taking from the sender. */
  read(direction: FaultDirection, reading: boolean): void
  /** Ends both sides at once, each after what it was given. */
  cut(how: CutKind): void
  /** See `LineEnd.turns`. */
  readonly turns: boolean
}

/** What all connections of a proxy or transport have in common. */
export interface ConnectionOwner {
  readonly clock: Clock
  readonly cuts: FaultControls['cuts']
  random(): number
  /** The connection is gone. */
  gone(connection: FaultConnection): void
}

/** Bytes that have passed, by direction. */
export interface FaultBytes {
  /** From the client to the server. */
  readonly up: number
  /** From the server to the client. */
  readonly down: number
}

/** One connection with faults, live or over. */
export class FaultConnection extends FaultControls {
  /** Its number, from 0. */
  readonly index: number
  /** @internal */
  readonly up: FaultLine
  /** @internal */
  readonly down: FaultLine
  readonly #ends: ConnectionEnds
  readonly #owner: ConnectionOwner
  readonly #settings: Record<FaultDirection, LineSettings> = { up: calm, down: calm }
  readonly #bytes = { up: 0, down: 0 }
  /** How many turns lie before what has reached the server, and before what has reached the client. */
  readonly #reached = { up: 0, down: 0 }
  #markClosed: () => void = () => {}
  readonly #closed: Promise<void>
  #isOpen = true

  /** @internal */
  constructor(index: number, ends: ConnectionEnds, owner: ConnectionOwner) {
    super()
    this.index = index
    this.#ends = ends
    this.#owner = owner
    this.#closed = new Promise((resolve) => {
      this.#markClosed = resolve
    })
    this.up = this.#line('up')
    this.down = this.#line('down')
  }

  /** Whether it is neither cut nor closed by both sides. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Bytes that have passed. */
  get bytes(): FaultBytes {
    return { ...this.#bytes }
  }

  /**
   * Round trips that the client has waited for: one for the connection itself, and one each time an answer arrives to
   * what was sent after the answer before. Things sent together count once, and so does what is sent unasked meanwhile.
   * Over sockets that takes a {@link latency} that is longer than what either side needs to think.
   */
  get roundTrips(): number {
    return 1 + this.#reached.down
  }

  /** Resolves when it is gone. */
  closed(): Promise<void> {
    return this.#closed
  }

  cutNow(how: CutKind = 'reset'): void {
    if (!this.#isOpen) return
    this.up.kill()
    this.down.kill()
    this.#ends.cut(how)
    this.over()
  }

  /** @internal */
  change(settings: Partial<LineSettings>, direction?: FaultDirection): void {
    for (const each of direction === undefined ? (['up', 'down'] as const) : [direction]) {
      const changed = { ...this.#settings[each], ...settings }
      this.#settings[each] = changed
      this.#ends.read(each, changed.reading)
      this[each].settings = changed
    }
  }

  /** @internal Takes what a side has sent. */
  push(direction: FaultDirection, piece: Piece): void {
    // What the client sends now is caused by what has reached it, and the other way round.
    this[direction].push(piece, direction === 'up' ? this.#reached.down + 1 : this.#reached.up)
  }

  /** @internal Both sides are gone. */
  over(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.up.kill()
    this.down.kill()
    this.#markClosed()
    this.#owner.gone(this)
  }

  #line(direction: FaultDirection): FaultLine {
    const ends = this.#ends
    const pending = () =>
      [...this.cuts, ...this.#owner.cuts].filter((cut) => (cut.direction ?? direction) === direction)
    const end = {
      write: (piece: Piece) => ends.write(direction, piece),
      finish: (how: CutKind) => ends.finish(direction, how),
      allowance: () => Math.min(Number.POSITIVE_INFINITY, ...pending().map(({ left }) => left)),
      passed: (bytes: number, depth: number) => {
        for (const cut of pending()) cut.left -= bytes
        this.#bytes[direction] += bytes
        this.#reached[direction] = Math.max(this.#reached[direction], depth)
      },
      cut: () => {
        const [next] = pending().sort((a, b) => a.left - b.left)
        if (next === undefined) return
        for (const list of [this.cuts, this.#owner.cuts]) {
          if (list.includes(next)) list.splice(list.indexOf(next), 1)
        }
        this.cutNow(next.how)
      },
      turns: ends.turns,
    }
    return new FaultLine(end, this.#owner.clock, () => this.#owner.random())
  }
}
