import type { Clock } from './clock.js'
import { type CutKind, calm, type LineSettings } from './fault-controls.js'

// Taken now, so that a test's fake timers do not stop it.
const nextTurn = setImmediate

/** Bytes, or one frame, which is never divided. */
export type Piece = Uint8Array | string

/** What a direction of a connection leads to, and who counts what passes. */
export interface LineEnd {
  /** Takes a piece; returns false if it wants no more until {@link FaultLine.ready}. */
  write(piece: Piece): boolean
  /** Nothing more comes: an orderly end, or a reset. */
  finish(how: CutKind): void
  /** How many bytes may pass until the connection is to be cut. */
  allowance(): number
  /** So many bytes have passed. */
  passed(bytes: number, depth: number): void
  /** The allowance is used up. */
  cut(): void
  /** Whether pieces of one chunk are to be kept apart by turns of the event loop, as sockets need it. */
  readonly turns: boolean
}

interface Item {
  /** What is still to arrive of it; `undefined` for the end. */
  piece: Piece | undefined
  readonly how: CutKind
  /** When it arrives at the earliest. */
  due: number
  readonly depth: number
}

/** One direction of a connection, with what is on its way. */
export class FaultLine {
  readonly #end: LineEnd
  readonly #clock: Clock
  readonly #random: () => number
  #settings: LineSettings = calm
  #queue: Item[] = []
  #lastDue = Number.NEGATIVE_INFINITY
  /** Until when the rate is used up. */
  #busyUntil = Number.NEGATIVE_INFINITY
  /** When the next piece has come through at the given rate. */
  #slot: number | undefined
  #timer: unknown
  #held = false
  #blocked = false
  #resting = false
  #pumping = false
  #dead = false
  /** After an orderly end a reset may still come. */
  #ended = false
  #idle: (() => void)[] = []

  constructor(end: LineEnd, clock: Clock, random: () => number) {
    this.#end = end
    this.#clock = clock
    this.#random = random
  }

  /** Whether the far end wants no more at present. */
  get blocked(): boolean {
    return this.#blocked
  }

  /** Changes the faults, also for what is on its way. */
  set settings(settings: LineSettings) {
    const loses = settings.stalled && settings.drop
    if (loses) this.#queue = this.#queue.filter(({ piece }) => piece === undefined)
    // A fault that is taken back holds up nothing any more.
    if (settings.latency === 0 && settings.jitter === 0) this.#release()
    this.#settings = settings
    this.#slot = undefined
    this.#pump()
  }

  /** Sends something on its way. @param depth see `FaultConnection.roundTrips` */
  push(piece: Piece, depth: number): void {
    const { stalled, drop } = this.#settings
    if (piece.length > 0 && !this.#ended && !(stalled && drop)) this.#add({ piece, how: 'end', depth })
  }

  /** Sends the end of everything on its way. */
  finish(how: CutKind): void {
    this.#add({ piece: undefined, how, depth: 0 })
  }

  /** Stops the delivery, for a receiver that is not there yet or does not read. */
  hold(held: boolean): void {
    this.#held = held
    this.#pump()
  }

  /** The far end wants more. */
  ready(): void {
    this.#blocked = false
    this.#pump()
  }

  /** Resolves when nothing is on its way; rejects with the reason of the signal. */
  async idle(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wakeIdle()
    signal.addEventListener('abort', wake)
    while (this.#queue.length > 0 && !signal.aborted) await new Promise<void>((resolve) => this.#idle.push(resolve))
    signal.removeEventListener('abort', wake)
    signal.throwIfAborted()
  }

  /** Loses what is on its way, and takes no more. */
  kill(): void {
    this.#dead = true
    this.#queue = []
    this.#clock.clearTimeout(this.#timer)
    this.#wakeIdle()
  }

  #add(item: Omit<Item, 'due'>): void {
    if (this.#dead) return
    const { latency, jitter } = this.#settings
    const delay = latency + jitter * (2 * this.#random() - 1)
    this.#lastDue = Math.max(this.#lastDue, this.#clock.now() + Math.max(0, delay))
    this.#queue.push({ ...item, due: this.#lastDue })
    this.#pump()
  }

  #release(): void {
    this.#lastDue = Number.NEGATIVE_INFINITY
    for (const item of this.#queue) item.due = this.#lastDue
  }

  #pump(): void {
    if (this.#pumping) return // the far end does something in its turn
    this.#pumping = true
    this.#clock.clearTimeout(this.#timer)
    while (this.#canDeliver()) {
      const item = this.#queue[0] as Item
      const wait = this.#when(item) - this.#clock.now()
      if (wait > 0) {
        this.#timer = this.#clock.setTimeout(() => this.#pump(), Math.ceil(wait))
        break
      }
      this.#deliver(item)
    }
    this.#pumping = false
    if (this.#queue.length === 0) this.#wakeIdle()
  }

  #canDeliver(): boolean {
    const stopped = this.#held || this.#blocked || this.#resting || this.#settings.stalled
    return this.#queue.length > 0 && !stopped
  }

  #when({ due, piece }: Item): number {
    const { rate } = this.#settings
    if (rate === Number.POSITIVE_INFINITY || piece === undefined) return due
    const start = Math.max(due, this.#busyUntil, this.#clock.now())
    this.#slot ??= start + (this.#sizeOfNext(piece) * 1000) / rate
    return this.#slot
  }

  /** Bytes that arrive together. At a limited rate it is a twentieth of a second's worth, as if packets came one by one. */
  #sizeOfNext(piece: Piece): number {
    if (typeof piece === 'string') return Buffer.byteLength(piece)
    const { split, rate } = this.#settings
    return Math.min(piece.length, split, Math.max(1, Math.ceil(rate / 20)))
  }

  #deliver(item: Item): void {
    const { piece } = item
    if (this.#slot !== undefined) this.#busyUntil = this.#slot
    this.#slot = undefined
    if (piece === undefined) {
      this.#queue.shift()
      this.#ended = true
      if (item.how === 'reset') this.kill()
      this.#end.finish(item.how)
      return
    }
    const allowed = this.#end.allowance()
    const size = this.#sizeOfNext(piece)
    const passing = allowed >= size ? size : typeof piece === 'string' ? 0 : allowed
    const now = typeof piece === 'string' ? piece : piece.subarray(0, passing)
    if (typeof piece === 'string' || passing === piece.length) this.#queue.shift()
    else item.piece = piece.subarray(passing)
    if (passing > 0) {
      if (this.#queue[0] === item && this.#end.turns) this.#rest()
      this.#end.passed(passing, item.depth)
      this.#blocked = !this.#end.write(now)
    }
    if (allowed <= size) this.#end.cut()
  }

  #rest(): void {
    this.#resting = true
    nextTurn(() => {
      this.#resting = false
      this.#pump()
    })
  }

  #wakeIdle(): void {
    for (const wake of this.#idle.splice(0)) wake()
  }
}
