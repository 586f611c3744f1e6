/** First in, first out; taking one out of a long list costs no more than out of a short one. */
export class Fifo<T> {
  #items: T[] = []
  #head = 0

  /** How many there are. */
  get length(): number {
    return this.#items.length - this.#head
  }

  /** The oldest. */
  get first(): T | undefined {
    return this.#items[this.#head]
  }

  /** Adds one. */
  push(item: T): void {
    this.#items.push(item)
  }

  /** Takes the oldest out. */
  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head] as T
    this.#items[this.#head] = undefined as T // not kept alive
    this.#head++
    // Moved up when half is empty: each item once for each time it is taken out.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Takes all out, oldest first. */
  takeAll(): T[] {
    const items = this.#items.slice(this.#head)
    this.#items = []
    this.#head = 0
    return items
  }

  /** All of them, oldest first. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.slice(this.#head)[Symbol.iterator]()
  }
}
