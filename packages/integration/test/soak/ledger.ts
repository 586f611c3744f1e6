/** Accounts for numbered messages: which came, which came again, which came late. */
export class Ledger {
  readonly duplicates: number[] = []
  readonly late: number[] = []
  readonly #seen = new Set<number>()
  #highest = -1
  readonly #waiting = new Set<() => void>()

  /** How many different numbers have come. */
  get size(): number {
    return this.#seen.size
  }

  /** Takes the number of a message that came. */
  add(number: number): void {
    if (this.#seen.has(number)) {
      this.duplicates.push(number)
      return
    }
    if (number < this.#highest) this.late.push(number)
    this.#highest = Math.max(this.#highest, number)
    this.#seen.add(number)
    for (const look of [...this.#waiting]) look()
  }

  /** Resolves when so many different numbers have come. */
  count(size: number): Promise<void> {
    return this.#until(() => this.#seen.size >= size)
  }

  /** Resolves when this number has come. */
  seen(number: number): Promise<void> {
    return this.#until(() => this.#seen.has(number))
  }

  /** Resolves when this number or a greater one has come. */
  reached(number: number): Promise<void> {
    return this.#until(() => this.#highest >= number)
  }

  /** The numbers below `count` that have not come. */
  missing(count: number): number[] {
    return Array.from({ length: count }, (_, number) => number).filter((number) => !this.#seen.has(number))
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (condition()) {
          this.#waiting.delete(look)
          resolve()
        }
      }
      this.#waiting.add(look)
      look()
    })
  }
}
