/** A clock that goes on like every other one, and whose timers end when it is set forward. */
export class ManualClock {
  #ahead = 0
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  /** Milliseconds since 1970, and what it was set forward by. */
  now(): number {
    return Date.now() + this.#ahead
  }

  /** Calls back when so many milliseconds have passed, unless the returned function is called before. */
  after(delay: number, callback: () => void): () => void {
    const timer = { at: this.now() + delay, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Sets it forward by so many milliseconds. */
  forward(milliseconds: number): void {
    this.#ahead += milliseconds
    for (const timer of [...this.#timers]) {
      if (timer.at <= this.now() && this.#timers.delete(timer)) timer.callback()
    }
  }
}
