/** Pseudo-random numbers that a seed repeats on any machine. */
export interface SeededRandom {
  /** From 0 to less than 1. */
  next(): number
  /** A whole number from 0 to less than the limit. */
  below(limit: number): number
  /** One of the list. @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T
}

/**
 * Makes pseudo-random numbers for tests: never for keys, ids or anything else that somebody might want to guess.
 *
 * @param seed any number; the same one gives the same numbers
 */
export function seededRandom(seed: number): SeededRandom {
  let state = Math.trunc(seed) | 0
  // A counter in large odd steps, with its bits mixed: every seed is as good as any other, 0 included.
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    return ((bits ^ (bits >>> 15)) >>> 0) / 0x1_0000_0000
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    pick(list) {
      if (list.length === 0) throw new RangeError('nothing to pick from')
      return list[below(list.length)] as (typeof list)[number]
    },
  }
}
