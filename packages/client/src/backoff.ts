/** Milliseconds: the first delay before jitter, the longest one, and how long a connection must last to start afresh. */
const first = 1000
const longest = 300_000
const stable = 60_000

/**
 * How long to wait before the next attempt: 1 s × 1.7ⁿ up to 300 s, times a random 0.5 to 1 (RFC 6120 §3.3), and back to
 * the start only after a connection has lasted for a minute.
 */
export class Backoff {
  #failures = 0
  #since: number | undefined

  /** A session has begun. */
  online(): void {
    this.#since = performance.now()
  }

  /** The connection ended, or an attempt failed. @returns milliseconds to wait */
  next(): number {
    if (this.#since !== undefined && performance.now() - this.#since >= stable) this.#failures = 0
    this.#since = undefined
    const delay = Math.min(longest, first * 1.7 ** this.#failures++)
    return delay * (0.5 + Math.random() / 2)
  }
}
