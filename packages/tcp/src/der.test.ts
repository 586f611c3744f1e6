import { describe, expect, test } from 'vitest'
import { content, hex, inside, readAll } from './der.js'

const read = (...bytes: readonly number[]) => readAll(Uint8Array.from(bytes), 0, bytes.length)

describe('readAll', () => {
  test('values one after the other, and what is inside', () => {
    const der = Uint8Array.of(0x30, 3, 0x04, 1, 9, 0x05, 0)
    const [list, nothing] = readAll(der, 0, der.length)
    expect(list).toEqual({ tag: 0x30, at: 0, start: 2, end: 5 })
    expect(nothing).toEqual({ tag: 0x05, at: 5, start: 7, end: 7 })
    const [value] = list === undefined ? [] : inside(der, list)
    expect(value && [content(der, value), hex(der, value)]).toEqual([Uint8Array.of(9), '09'])
  })

  test('long lengths', () => {
    expect(read(0x04, 0x81, 0x80, ...Array(128).fill(0))).toHaveLength(1)
    expect(read(0x04, 0x82, 0x01, 0x00, ...Array(256).fill(0))).toHaveLength(1)
  })

  test.each<[string, readonly number[]]>([
    ['a tag alone', [0x04]],
    ['a length that is too great', [0x04, 2, 0]],
    ['the second value cut off', [0x05, 0, 0x04, 1]],
    ['the indefinite form', [0x30, 0x80, 0x00, 0x00, ...Array(128).fill(0)]],
    ['a length of more bytes than it takes', [0x04, 0x81, 1, 0]],
    ['a length with a zero before it', [0x04, 0x82, 0x00, 0x80, ...Array(128).fill(0)]],
    ['a length of four bytes', [0x04, 0x84, 0, 0, 0, 1, 0]],
    ['a length that is cut off', [0x04, 0x82, 0x01]],
    ['a tag of several bytes', [0x1f, 0x01, 0x00]],
  ])('%s is no DER', (_, bytes) => {
    expect(read(...bytes)).toEqual([])
  })
})
