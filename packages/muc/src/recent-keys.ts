import { abridge } from '@couplet/stanza'

/** The last keys that were added, however long; older ones are forgotten. */
export class RecentKeys {
  readonly #keys = new Set<string>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Remembers a key. */
  add(text: string): void {
    const key = abridge(text)
    this.#keys.delete(key)
    this.#keys.add(key)
    const [oldest] = this.#keys
    if (this.#keys.size > this.#limit && oldest !== undefined) this.#keys.delete(oldest)
  }

  /** Whether it is among the last. */
  has(text: string): boolean {
    return this.#keys.has(abridge(text))
  }
}
