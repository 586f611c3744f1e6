/**
 * A small generator of pseudo-random numbers (xorshift), so that a seed repeats a run on any machine.
 * @param {number} seed
 */
export function seededRandom(seed) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0 || 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x1_0000_0000
  }
  /** @param {number} limit */
  const below = (limit) => Math.floor(next() * limit)
  /** @param {number} digits */
  const hex = (digits) => {
    let out = ''
    while (out.length < digits) out += below(0x1_0000_0000).toString(16).padStart(8, '0')
    return out.slice(0, digits)
  }
  return {
    /** From 0 to less than 1. */
    next,
    /** A whole number from 0 to less than the limit. */
    below,
    hex,
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => /** @type {T} */ (list[below(list.length)]),
  }
}
