import type { SeededRandom } from '@couplet/testing'

/** Messages on their way: shuffled in each round, and some come a round or two late. */
export class Road<T> {
  #waiting: { readonly message: T; readonly text: string; late: number }[] = []
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  add(text: string, message: T): void {
    this.#waiting.push({ message, text, late: 0 })
  }

  /** Those that arrive now; in the last round all of them. */
  take(isLast: boolean): readonly { readonly message: T; readonly text: string }[] {
    const leaving = shuffled(this.#random, this.#waiting).filter(({ late }) => {
      return isLast || late === 2 || this.#random.next() >= 0.3
    })
    this.#waiting = this.#waiting.filter((each) => !leaving.includes(each))
    for (const each of this.#waiting) each.late++
    return leaving
  }
}

/** The same in another order. */
export const shuffled = <T>({ next }: SeededRandom, list: readonly T[]): T[] =>
  list
    .map((each) => ({ each, place: next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ each }) => each)
