/** Accounts for numbered messages: which came, which came again, which came late. */
export class Ledger {
  /** The least number that has not come yet. */
  next = 0
  readonly duplicates: number[] = []
  readonly late: number[] = []
  readonly #ahead = new Set<number>()
  #highest = -1
  readonly #waiting = new Map<number, () => void>()

  /** Takes the number of a message that came. */
  add(number: number): void {
    if (number < this.next || this.#ahead.has(number)) {
      this.duplicates.push(number)
      return
    }
    if (number < this.#highest) this.late.push(number)
    this.#highest = Math.max(this.#highest, number)
    this.#ahead.add(number)
    while (this.#ahead.delete(this.next)) this.next++
    for (const [count, wake] of this.#waiting) {
      if (this.next >= count) wake()
    }
  }

  /** Resolves when all numbers below `count` have come. */
  async complete(count: number): Promise<void> {
    if (this.next >= count) return
    await new Promise<void>((resolve) => {
      this.#waiting.set(count, () => {
        this.#waiting.delete(count)
        resolve()
      })
    })
  }

  /** What is wrong after `count` messages. */
  verdict(count: number): { readonly lost: number; readonly duplicates: number[]; readonly late: number[] } {
    return { lost: count - this.next - this.#ahead.size, duplicates: this.duplicates, late: this.late }
  }
}
