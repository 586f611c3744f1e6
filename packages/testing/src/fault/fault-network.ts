import type { Clock } from './clock.js'
import { type ConnectionEnds, type FaultBytes, FaultConnection } from './fault-connection.js'
import { type CutKind, calm, FaultControls, type FaultDirection, type LineSettings } from './fault-controls.js'
import { seededRandom } from './seeded-random.js'

/** Options of everything with faults. */
export interface FaultOptions {
  /** Repeats what is random; default 1. */
  readonly seed?: number
  /** What delays are measured by. */
  readonly clock?: Clock
}

interface Waiter {
  readonly index: number
  resolve(connection: FaultConnection): void
  reject(error: Error): void
}

/** Connections with faults. What is said here holds for all of them, and for those to come. */
export abstract class FaultNetwork extends FaultControls {
  /** What delays are measured by. */
  readonly clock: Clock
  readonly #random: () => number
  readonly #settings: Record<FaultDirection, LineSettings> = { up: calm, down: calm }
  readonly #all: FaultConnection[] = []
  readonly #live = new Set<FaultConnection>()
  #waiting: Waiter[] = []
  #onQuiet: (() => void)[] = []
  #refusing = false
  #refused = 0
  #stopped = false

  /** @internal */
  constructor(seed: number, clock: Clock) {
    super()
    this.clock = clock
    this.#random = seededRandom(seed).next
  }

  /** The connections that are open, in the order in which they were made. */
  get connections(): readonly FaultConnection[] {
    return [...this.#live]
  }

  /** How many connections were made so far. */
  get connectionCount(): number {
    return this.#all.length
  }

  /** How many connections were refused so far. */
  get refusedCount(): number {
    return this.#refused
  }

  /** Bytes that have passed on all connections. */
  get bytes(): FaultBytes {
    const sum = (direction: FaultDirection) => this.#all.reduce((total, { bytes }) => total + bytes[direction], 0)
    return { up: sum('up'), down: sum('down') }
  }

  /**
   * Resolves with the connection of this number, from 0; without one, with the next.
   *
   * @throws Error if it was stopped before
   */
  async connected(index: number = this.#all.length): Promise<FaultConnection> {
    const made = this.#all[index]
    if (made !== undefined) return made
    if (this.#stopped) throw stopped()
    return new Promise((resolve, reject) => this.#waiting.push({ index, resolve, reject }))
  }

  /** Resolves when no connection is open. */
  async closed(): Promise<void> {
    while (this.#live.size > 0) await new Promise<void>((resolve) => this.#onQuiet.push(resolve))
  }

  /** Refuses new connections, or accepts them again. */
  refuse(refused = true): void {
    this.#refusing = refused
  }

  cutNow(how: CutKind = 'reset'): void {
    for (const connection of this.connections) connection.cutNow(how)
  }

  override heal(): void {
    this.refuse(false)
    for (const connection of this.connections) connection.heal()
    super.heal()
  }

  /** Cuts every connection, and accepts no more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.cutNow()
    for (const { reject } of this.#waiting.splice(0)) reject(stopped())
  }

  /** The same as {@link stop}, for `await using`. */
  declare [Symbol.asyncDispose]: () => Promise<void>

  /** @internal */
  change(settings: Partial<LineSettings>, direction?: FaultDirection): void {
    for (const each of ['up', 'down'] as const) {
      if ((direction ?? each) === each) this.#settings[each] = { ...this.#settings[each], ...settings }
    }
    for (const connection of this.connections) connection.change(settings, direction)
  }

  /** @internal Whether the next connection is refused; counts it then. */
  protected refuses(): boolean {
    const refuses = this.#refusing || this.#stopped
    if (refuses) this.#refused++
    return refuses
  }

  /** @internal Milliseconds a packet takes there and back. */
  protected get roundTripTime(): number {
    return this.#settings.up.latency + this.#settings.down.latency
  }

  /** @internal */
  protected add(ends: ConnectionEnds): FaultConnection {
    const connection = new FaultConnection(this.#all.length, ends, {
      clock: this.clock,
      cuts: this.cuts,
      random: this.#random,
      gone: (gone) => this.#forget(gone),
    })
    this.#all.push(connection)
    this.#live.add(connection)
    for (const each of ['up', 'down'] as const) connection.change(this.#settings[each], each)
    const ready = this.#waiting.filter(({ index }) => index <= connection.index)
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter))
    for (const { resolve } of ready) resolve(connection)
    return connection
  }

  #forget(connection: FaultConnection): void {
    this.#live.delete(connection)
    if (this.#live.size === 0) for (const wake of this.#onQuiet.splice(0)) wake()
  }
}

FaultNetwork.prototype[Symbol.asyncDispose] = function dispose(this: FaultNetwork): Promise<void> {
  return this.stop() // the one of the class that is disposed of
}

const stopped = (): Error => new Error('it was stopped before the connection came')
