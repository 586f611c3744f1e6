/** Time, so that a test can make a week pass. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  after(delay: number, callback: () => void): () => void
}

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delay, callback) {
    const timer = setTimeout(callback, delay)
    return () => clearTimeout(timer)
  },
}
