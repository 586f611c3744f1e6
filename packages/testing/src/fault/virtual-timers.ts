/** A timer that runs on virtual time, with the methods of Node's own. */
class VirtualTimer {
  readonly id: number
  readonly run: () => void
  readonly ms: number
  readonly repeats: boolean
  due = 0
  readonly #timers: VirtualTimers

  constructor(timers: VirtualTimers, id: number, run: () => void, ms: number, repeats: boolean) {
    this.#timers = timers
    this.id = id
    this.run = run
    this.ms = ms
    this.repeats = repeats
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  refresh(): this {
    this.#timers.schedule(this)
    return this
  }

  close(): this {
    this.#timers.clear(this)
    return this
  }

  [Symbol.toPrimitive](): number {
    return this.id
  }

  declare [Symbol.dispose]: () => void
}

VirtualTimer.prototype[Symbol.dispose] = VirtualTimer.prototype.close

/** Longer ones run at once, as in every runtime. */
const longest = 2 ** 31 - 1

/** Timers that run when they are told to. */
export class VirtualTimers {
  /** Milliseconds that have gone by. */
  elapsed = 0
  /** Far from the ids of real timers, since both may be given to `clearTimeout`. */
  #next = 1_000_000_000
  /** By due time; of the same time, in the order in which they were set. */
  readonly #queue: VirtualTimer[] = []

  /** How many timers are set. */
  get size(): number {
    return this.#queue.length
  }

  /** When the next one is due; `undefined` if there is none. */
  get nextDue(): number | undefined {
    return this.#queue[0]?.due
  }

  /** Sets a timer as `setTimeout` and `setInterval` do. */
  set(run: () => void, ms: number | undefined, repeats: boolean): VirtualTimer {
    const wanted = Number(ms)
    const delay = wanted >= 1 && wanted <= longest ? Math.trunc(wanted) : 1
    const timer = new VirtualTimer(this, this.#next++, run, delay, repeats)
    this.schedule(timer)
    return timer
  }

  /** Sets a timer, or sets it anew, from now on. */
  schedule(timer: VirtualTimer): void {
    this.clear(timer)
    timer.due = this.elapsed + timer.ms
    const behind = this.#queue.findIndex(({ due }) => due > timer.due)
    this.#queue.splice(behind === -1 ? this.#queue.length : behind, 0, timer)
  }

  /** Takes a timer back. @returns whether it was one of these */
  clear(given: unknown): boolean {
    const id = typeof given === 'string' ? Number(given) : given
    const index = this.#queue.findIndex((timer) => timer === given || timer.id === id)
    if (index !== -1) this.#queue.splice(index, 1)
    return index !== -1 || given instanceof VirtualTimer
  }

  /** Moves to the next timer and runs it. */
  runNext(): void {
    const timer = this.#queue.shift()
    if (timer === undefined) return
    this.elapsed = Math.max(this.elapsed, timer.due)
    if (timer.repeats) this.schedule(timer)
    timer.run()
  }
}
