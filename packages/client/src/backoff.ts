/** Milliseconds: the first delay before jitter, and the longest one. */
const first = 1000
const longest = 300_000

/** Milliseconds a connection must last before what happened earlier is forgotten. */
export const stable = 60_000

/** The growth from one delay to the next. */
const factor = 1.7

/** Milliseconds from which a delay is drawn evenly. */
export interface Range {
  /** The least. */
  readonly min: number
  /** Not quite reached. */
  readonly max: number
}

/** What to wait for; a `Retrial` of a verdict is one. */
export interface Pause {
  /**
   * `backoff`: U(0.5, 1) × min(300 s, 1 s × 1.7ⁿ). A range is taken as it is when it comes first after {@link Backoff.reset}
   * or 60 s online, and as the least the wait can be when it comes later: no server can keep us in a fast loop.
   */
  readonly delay: 'backoff' | Range
  /** Steps to go further at once: n grows by this besides the usual one. */
  readonly penalty?: number | undefined
  /** Milliseconds (before jitter) below which back-off does not go until the next login; after a range it counts next time. */
  readonly from?: number | undefined
}

/** Where chance and time come from. */
export interface BackoffOptions {
  /** From 0 up to, not including, 1; default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Milliseconds on a clock that never jumps; default `performance.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * How long to wait before the next attempt: U(0.5, 1) × min(300 s, 1 s × 1.7ⁿ) (RFC 6120 §3.3), and back to the start only
 * after a connection has lasted for 60 s.
 */
export class Backoff {
  readonly #random: () => number
  readonly #now: () => number
  #steps = 0
  #floor = 0
  #since: number | undefined

  constructor({ random = Math.random, now = () => performance.now() }: BackoffOptions = {}) {
    this.#random = random
    this.#now = now
  }

  /** A session has begun: a floor ends, and in 60 s, if it is still there, the steps do too. */
  online(): void {
    this.#since = this.#now()
    this.#floor = 0
  }

  /** The connection ended, or an attempt failed. @returns milliseconds to wait, at most 300,000 unless the range says more */
  next({ delay, penalty = 0, from = 0 }: Pause = { delay: 'backoff' }): number {
    if (this.#since !== undefined && this.#now() - this.#since >= stable) this.#steps = 0
    this.#since = undefined
    this.penalty(penalty)
    if (delay === 'backoff') {
      this.startFrom(from)
      return this.#step()
    }
    const isFirst = this.#steps === 0
    const usual = this.#step()
    this.startFrom(from)
    const drawn = delay.min + this.#random() * (delay.max - delay.min)
    return isFirst ? drawn : Math.max(drawn, usual)
  }

  /** Goes some steps further. */
  penalty(steps: number): void {
    this.#steps += steps
  }

  /** Delays are not below this many milliseconds before jitter, and grow from there, until the next login. */
  startFrom(ms: number): void {
    this.#floor = Math.max(this.#floor, ms)
  }

  /** The user, or a network that changed, wants it now: the next delay is the first one again. */
  reset(): void {
    this.#steps = 0
    this.#floor = 0
    this.#since = undefined
  }

  #step(): number {
    const delay = Math.min(longest, Math.max(first * factor ** this.#steps++, this.#floor))
    this.#floor = Math.min(longest, this.#floor * factor)
    return delay * (0.5 + this.#random() / 2)
  }
}
