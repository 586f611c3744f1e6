import { expect, test } from 'vitest'
import { abridge } from './flatten.js'

test('a text that is kept is itself, and a long one no more than tells it from others', () => {
  const long = (end: string): string => `${'x'.repeat(1_000_000)}${end}`
  expect([abridge(''), abridge('hi'), abridge('x'.repeat(256))]).toEqual(['', 'hi', 'x'.repeat(256)])
  expect(abridge(long('a')).length).toBeLessThan(300)
  expect(abridge(long('a'))).toBe(abridge(long('a')))
  expect(new Set([long('a'), long('b'), long('aa'), 'x'.repeat(257)].map(abridge)).size).toBe(4)
})
