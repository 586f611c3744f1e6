import { createClient } from '@couplet/client'
import { startLoopback } from '../loopback/loopback-server.js'
import { type Clock, realClock } from './clock.js'
import { PendingWork } from './pending-work.js'
import { VirtualTimers } from './virtual-timers.js'

/** Options of {@link virtualTime}. */
export interface VirtualTimeOptions {
  /** What `Date` says at first; default the real date. */
  readonly start?: Date
}

/** Milliseconds of real time for what is loaded once. */
const warmUpLimit = 5000

let installed = false
let warm: Promise<void> | undefined

/**
 * Puts timers and clocks that the test moves in the place of the real ones: `setTimeout`, `setInterval`, `Date`,
 * `performance.now` and `AbortSignal.timeout`. Connections in memory and cryptography go on by themselves, so that back-off,
 * deadlines and outages of hours take milliseconds, and always the same way.
 *
 * @throws TypeError if time is virtual already
 */
export function virtualTime(options: VirtualTimeOptions = {}): VirtualTime {
  if (installed) throw new TypeError('time is virtual already')
  return new VirtualTime(options)
}

/** See {@link virtualTime}. */
export class VirtualTime implements Clock {
  readonly #timers = new VirtualTimers()
  readonly #work = new PendingWork()
  readonly #real: () => void
  #moving = false

  /** @internal */
  constructor({ start = new Date() }: VirtualTimeOptions) {
    installed = true
    this.#real = replaceGlobals(this, this.#timers, start.getTime())
  }

  /** Milliseconds of virtual time since it began. */
  now(): number {
    return this.#timers.elapsed
  }

  /** How many timers are set: none, when everything is closed. */
  get timerCount(): number {
    return this.#timers.size
  }

  /** Sets a timer on this clock. */
  setTimeout(run: () => void, ms: number): unknown {
    return this.#timers.set(run, ms, false)
  }

  /** Takes a timer of this clock back. */
  clearTimeout(timer: unknown): void {
    this.#timers.clear(timer)
  }

  /**
   * Moves time on, from timer to timer. Before and after each, everything that needs no time is done: promises,
   * connections in memory, cryptography, files.
   *
   * @throws what a timer's function throws
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError('ms: not a number from 0')
    await this.#move(async () => {
      const end = this.now() + ms
      while ((this.#timers.nextDue ?? Number.POSITIVE_INFINITY) <= end) await this.#step()
      this.#timers.elapsed = end
    })
  }

  /**
   * Moves time on until the promise is settled, and returns what it is settled with.
   *
   * @param limit milliseconds of virtual time; default an hour
   * @throws Error if it is not settled by then, or nothing is left that could settle it
   */
  async until<T>(promise: Promise<T>, limit = 3_600_000): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    await this.#move(async () => {
      const end = this.now() + limit
      while (!settled) {
        const { nextDue } = this.#timers
        if (nextDue !== undefined && nextDue > end) throw new Error(`not settled within ${limit} ms of virtual time`)
        if (nextDue !== undefined) await this.#step()
        // Without a timer it can only be something real: a socket, another process.
        else await this.#work.awaited(() => settled || this.#timers.size > 0)
      }
    })
    return promise
  }

  /** Does everything that needs no time. */
  settled(): Promise<void> {
    return this.#move(async () => {})
  }

  /** Puts the real timers and clocks back. Virtual timers that are still set never run. */
  restore(): void {
    if (!installed) return
    installed = false
    this.#real()
    this.#work.stop()
  }

  /** The same as {@link restore}, for `using`. */
  declare [Symbol.dispose]: () => void

  async #step(): Promise<void> {
    this.#timers.runNext()
    await this.#work.settled()
  }

  async #move(steps: () => Promise<void>): Promise<void> {
    if (this.#moving) throw new TypeError('time is being moved already')
    this.#moving = true
    try {
      warm ??= warmUp()
      await warm
      await this.#work.settled()
      await steps()
    } finally {
      this.#moving = false
    }
  }
}

VirtualTime.prototype[Symbol.dispose] = VirtualTime.prototype.restore

/**
 * What a client loads when it first needs it comes from outside, in real time. Afterwards it is there. As no timer runs
 * meanwhile, this must neither end politely nor wait for ever.
 */
async function warmUp(): Promise<void> {
  const server = await startLoopback({ users: { u: 'p' } })
  const options = { jid: 'u@example.org', password: 'p', transports: [server.transport()], reconnect: false }
  const client = createClient(options)
  // If it cannot log in, the test will say so.
  const done = client.online().catch(() => {})
  await new Promise<void>((resolve) => {
    const timer = realClock.setTimeout(resolve, warmUpLimit)
    void done.then(() => {
      realClock.clearTimeout(timer)
      resolve()
    })
  })
  server.drop()
  await server.stop() // it, too, would set timers
}

/** Replaces what tells the time and waits. @returns how to put it back */
function replaceGlobals(time: VirtualTime, timers: VirtualTimers, start: number): () => void {
  const date = (): number => start + Math.trunc(time.now())
  const { Date: RealDate, clearTimeout: realClear, AbortSignal: signals } = globalThis
  const set =
    (repeats: boolean) =>
    (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      timers.set(() => run(...args), ms, repeats)
  const clear = (timer: unknown): void => {
    if (!timers.clear(timer)) realClear(timer as number) // it was set before time was virtual
  }
  const VirtualDate: DateConstructor = new Proxy(RealDate, {
    apply: () => new RealDate(date()).toString(),
    construct: (target, args, newTarget): Date =>
      Reflect.construct(target, args.length === 0 ? [date()] : args, newTarget === VirtualDate ? target : newTarget),
    get: (target, key) => (key === 'now' ? date : Reflect.get(target, key)),
  })
  const restores = [
    replace(globalThis, 'setTimeout', set(false)),
    replace(globalThis, 'setInterval', set(true)),
    replace(globalThis, 'clearTimeout', clear),
    replace(globalThis, 'clearInterval', clear),
    replace(globalThis, 'Date', VirtualDate),
    replace(performance, 'now', () => time.now()),
    replace(signals, 'timeout', (ms: number) => timeoutSignal(timers, ms)),
  ]
  return () => {
    for (const restore of restores) restore()
  }
}

function replace(target: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
  })
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, name)
    else Object.defineProperty(target, name, before)
  }
}

function timeoutSignal(timers: VirtualTimers, ms: number): AbortSignal {
  const controller = new AbortController()
  timers.set(
    () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    ms,
    false,
  )
  return controller.signal
}
