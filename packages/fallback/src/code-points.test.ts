import { describe, expect, test } from 'vitest'
import { codePointLength, type FallbackRange, withoutFallback } from './code-points.js'

const reply = '> Anna wrote:\n> Hi, how are you?\nGreat'

describe('codePointLength', () => {
  test.each([
    ['Hello, world!', 13],
    ['You & Me', 8],
    ['こんにちは世界', 7],
    ['🧛🏾 👨‍👨‍👦‍👦 🇺🇳', 13],
  ])('XEP-0426 §2: %s', (text, length) => expect(codePointLength(text)).toBe(length))
})

describe('withoutFallback', () => {
  test('the quotation of a reply (XEP-0428 §2.2)', () => {
    expect(withoutFallback(reply, [{ start: 0, end: 33 }])).toBe('Great')
  })

  test('code points, not UTF-16 units and not what looks like one character', () => {
    expect(withoutFallback('😀😀 hi', [{ start: 0, end: 3 }])).toBe('hi')
    expect(withoutFallback('a🧛🏾b', [{ start: 1, end: 3 }])).toBe('ab')
    expect(withoutFallback('a🧛🏾b', [{ start: 2, end: 3 }])).toBe('a🧛b')
    expect(withoutFallback('e\u0301e', [{ start: 0, end: 1 }])).toBe('\u0301e')
  })

  test('parts in any order, at both ends, next to each other', () => {
    const ranges = [
      { start: 6, end: 7 },
      { start: 0, end: 2 },
      { start: 2, end: 3 },
    ]
    expect(withoutFallback('0123456', ranges)).toBe('345')
  })

  test('the whole text', () => {
    expect(withoutFallback(reply, [{}])).toBe('')
    expect(withoutFallback(reply, [{ start: 0, end: codePointLength(reply) }])).toBe('')
    expect(withoutFallback('', [{}])).toBe('')
  })

  test.each<FallbackRange>([
    { start: 0 },
    { end: 3 },
    { start: 3, end: 3 },
    { start: 4, end: 2 },
    { start: 0, end: 8 },
    { start: 7, end: 9 },
    { start: -1, end: 2 },
    { start: 0.5, end: 2 },
    { start: Number.NaN, end: 2 },
    { start: 0, end: Number.POSITIVE_INFINITY },
    { start: 2 ** 53, end: 2 ** 53 + 2 },
  ])('$start to $end is no part of 7 characters, and does not hide one that is', (bad) => {
    expect(withoutFallback('0123456', [bad])).toBe('0123456')
    expect(withoutFallback('0123456', [bad, { start: 1, end: 2 }])).toBe('023456')
  })

  test('UTF-16 offsets of another client, past the end, cut nothing', () => {
    expect(withoutFallback('😀😀😀', [{ start: 0, end: 6 }])).toBe('😀😀😀')
  })

  test('of parts that overlap, the one that begins first', () => {
    const first = { start: 0, end: 4 }
    expect(withoutFallback('0123456', [{ start: 2, end: 6 }, first])).toBe('456')
    expect(withoutFallback('0123456', [first, first])).toBe('456')
    expect(withoutFallback('0123456', [first, { start: 1, end: 2 }, { start: 5, end: 6 }])).toBe('46')
    expect(withoutFallback('0123456', [{ start: 0, end: 1 }, first])).toBe('123456')
  })

  test('nothing to remove', () => expect(withoutFallback(reply, [])).toBe(reply))
})
