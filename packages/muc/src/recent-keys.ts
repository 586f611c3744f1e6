import { flatten } from '@couplet/stanza'

/** So many characters of a key are kept; of the rest only how long it is, and a sum. */
const limit = 256

/** The last keys that were added; older ones are forgotten. */
export class RecentKeys {
  readonly #keys = new Set<string>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Remembers a key. */
  add(text: string): void {
    const key = bounded(text)
    this.#keys.delete(key)
    this.#keys.add(key)
    const [oldest] = this.#keys
    if (this.#keys.size > this.#limit && oldest !== undefined) this.#keys.delete(oldest)
  }

  /** Whether it is among the last. */
  has(text: string): boolean {
    return this.#keys.has(bounded(text))
  }
}

/** Others choose the text, and it may be part of all that came with it. */
function bounded(text: string): string {
  if (text.length <= limit) return flatten(text)
  let sum = 0
  for (let i = limit; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return flatten(`${text.slice(0, limit)} ${text.length} ${sum}`)
}
