/** Milliseconds from one room to the next: five in a second. */
const interval = 200

/** Lets one after the other in, five in a second: a server that hundreds of rooms are entered on at once throttles us. */
export class Pace<T> {
  readonly #waiting = new Set<T>()
  readonly #next: (item: T) => void
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param next called with each when it is its turn */
  constructor(next: (item: T) => void) {
    this.#next = next
  }

  /** Waits for its turn; the first one is next at once. */
  add(item: T): void {
    this.#waiting.add(item)
    if (this.#timer === undefined) this.#step()
  }

  /** Does not want to any more. */
  delete(item: T): void {
    this.#waiting.delete(item)
  }

  /** Nobody waits any more. */
  clear(): void {
    this.#waiting.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #step(): void {
    this.#timer = undefined
    const [item] = this.#waiting
    if (item === undefined) return
    this.#waiting.delete(item)
    this.#timer = setTimeout(() => this.#step(), interval)
    this.#next(item)
  }
}
