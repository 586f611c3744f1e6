/** The last keys that were added; older ones are forgotten. */
export class RecentKeys {
  readonly #keys = new Set<string>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Remembers a key. */
  add(key: string): void {
    this.#keys.delete(key)
    this.#keys.add(key)
    const [oldest] = this.#keys
    if (this.#keys.size > this.#limit && oldest !== undefined) this.#keys.delete(oldest)
  }

  /** Whether it is among the last. */
  has(key: string): boolean {
    return this.#keys.has(key)
  }
}
