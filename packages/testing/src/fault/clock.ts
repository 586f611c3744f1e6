/** What measures time and waits. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number
  /** Runs something once, after so many milliseconds. */
  setTimeout(run: () => void, ms: number): unknown
  /** Takes a timer of this clock back. */
  clearTimeout(timer: unknown): void
}

// Taken now, so that a test's fake timers do not stop what runs on real time.
const { setTimeout, clearTimeout, performance } = globalThis
const now = performance.now.bind(performance)

/** Real time, whatever a test does to the timers. */
export const realClock: Clock = {
  now,
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
}

/** The timers the code under test has at this moment: fake ones, if the test has put them in place. */
export const ambientClock: Clock = {
  now: () => globalThis.performance.now(),
  setTimeout: (run, ms) => globalThis.setTimeout(run, ms),
  clearTimeout: (timer) => globalThis.clearTimeout(timer as ReturnType<typeof setTimeout>),
}
