import { describe, expect, test } from 'vitest'
import { seededRandom } from '../seeded-random.mjs'
import { Ledger } from '../soak/ledger.mjs'
import { formatRatio, median, ratioOf, table } from '../throughput/figures.mjs'

describe('figures', () => {
  test('the median does not depend on the order, and lies between the two middle values of an even number', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 2, 100])).toBe(3)
    expect(median([])).toBeNaN()
  })

  test('ratios are taken round by round', () => {
    const ratio = ratioOf([2, 30, 8], [1, 10, 2])
    expect(ratio).toEqual({ median: 3, min: 2, max: 4 })
    expect(formatRatio(ratio)).toBe('3.00 (2.00–4.00)')
  })

  test('columns of a table are as wide as their widest cell', () => {
    expect(table(['a', 'bcd'], [['12', '3']])).toBe('| a  | bcd |\n|----|-----|\n| 12 | 3   |')
  })

  test('a seed repeats a sequence, and another one does not', () => {
    const sequence = (seed: number): string => seededRandom(seed).hex(32)
    expect(sequence(7)).toBe(sequence(7))
    expect(sequence(7)).not.toBe(sequence(8))
  })
})

describe('ledger', () => {
  const ledgerOf = (...numbers: number[]): Ledger => {
    const ledger = new Ledger()
    for (const number of numbers) ledger.add(number)
    return Ledger.from(JSON.parse(JSON.stringify(ledger)))
  }

  test('all in order is all right', () => {
    expect(ledgerOf(0, 1, 2).verdict(3)).toEqual({ lost: 0, duplicate: 0, unordered: 0 })
  })

  test('a gap is a loss, also at the end', () => {
    expect(ledgerOf(0, 2).verdict(4)).toEqual({ lost: 2, duplicate: 0, unordered: 0 })
  })

  test('what comes twice is a duplicate, before and behind a gap', () => {
    expect(ledgerOf(0, 0, 2, 2).verdict(3)).toEqual({ lost: 1, duplicate: 2, unordered: 0 })
  })

  test('what comes late is not lost, but unordered', () => {
    expect(ledgerOf(1, 0, 2).verdict(3)).toEqual({ lost: 0, duplicate: 0, unordered: 1 })
  })
})
