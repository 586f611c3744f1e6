import { exceeded, malformed } from './refuse.js'

/** Finds the end of a tag that comes in pieces: a `>` that is not part of a value. */
export class TagEnd {
  readonly #longest: number
  /** The quote that ends the value, or 0. */
  #quote = 0
  /** The last unit outside of values that is not white space. */
  #last = 0
  /** The length so far of what can only be one name or one value. */
  #run = 0

  /** @param tokenLength the limit of a name or value; as written, a value can be twice as long */
  constructor(tokenLength: number) {
    this.#longest = 2 * tokenLength + 2
  }

  /** Another tag begins. */
  reset(): void {
    this.#last = 0
    this.#run = 0
  }

  /** Reads on from `at`; returns where the tag ends, or 0 if the text ends first. @throws StreamError */
  next(text: string, at: number): number {
    for (let i = at; i < text.length; i++) if (this.#endsWith(text.charCodeAt(i))) return i + 1
    return 0
  }

  #endsWith(unit: number): boolean {
    if (unit === 0x3c /* < */) malformed()
    if (++this.#run > this.#longest) exceeded('tokenLength')
    if (this.#quote !== 0) {
      if (unit !== this.#quote) return false
      this.#quote = 0
    } else if (unit === 0x22 /* " */ || unit === 0x27 /* ' */) {
      if (this.#last !== 0x3d /* = */) malformed()
      this.#quote = unit
    } else if (unit > 0x20) {
      this.#last = unit
      return unit === 0x3e /* > */
    }
    if (unit > 0x20) this.#last = unit
    this.#run = 0
    return false
  }
}
