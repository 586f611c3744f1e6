import { expect, test } from 'vitest'
import { isLonger } from './is-longer.js'

test.each([
  ['', 0, false],
  ['abc', 3, false],
  ['abcd', 3, true],
  ['ää', 4, false],
  ['ääa', 4, true],
  ['€', 2, true],
  ['€', 3, false],
  ['😀', 3, true],
  ['😀', 4, false],
])('%s in %d bytes', (text, bytes, expected) => {
  expect(isLonger(text, bytes)).toBe(expected)
})
