import type { Clock } from './clock.js'

/** The first pause after something was done, and the longest one, in milliseconds. */
const pauses = { first: 25_000, longest: 3_600_000 } as const
/** After so long without anything to do, the next time counts as the first. */
const forgiveAfter = 900_000

/** Does something at once, then ever less often, for what somebody else may undo each time. */
export class BackOff {
  readonly #clock: Clock
  #pause = 0
  #doneAt = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Does it when it may be done, unless that is planned already. */
  schedule(work: () => void): void {
    if (this.#cancel !== undefined) return
    const now = this.#clock.now()
    if (now - this.#doneAt > Math.max(forgiveAfter, this.#pause * 2)) this.#pause = 0
    const wait = Math.max(0, this.#doneAt + this.#pause - now)
    this.#cancel = this.#clock.after(wait, () => {
      this.#cancel = undefined
      this.#doneAt = this.#clock.now()
      this.#pause = Math.min(this.#pause === 0 ? pauses.first : this.#pause * 2, pauses.longest)
      work()
    })
  }

  /** Forgets what was planned. */
  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
