import { afterEach, describe, expect, test, vi } from 'vitest'
import { randomId } from './random-id.js'

describe('S-107 randomId', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  test('10,000 ids are 22 characters of 64, which is 132 bits, and all different', () => {
    const ids = Array.from({ length: 10_000 }, randomId)
    expect(ids.filter((id) => !/^[\w-]{22}$/.test(id))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('every character of the alphabet occurs in every place, so no place counts or holds the time', () => {
    const places = Array.from({ length: 22 }, () => new Set<string>())
    for (let i = 0; i < 4000; i++) for (const [at, character] of [...randomId()].entries()) places[at]?.add(character)
    expect(places.map(({ size }) => size)).toEqual(Array(22).fill(64))
  })

  test('takes six bits of each byte of the CSPRNG, and nothing from Math.random or the clock', () => {
    vi.useFakeTimers({ now: 0 }) // time stands still
    const random = vi.spyOn(Math, 'random')
    const bytes = vi.spyOn(crypto, 'getRandomValues')
    const ids = Array.from({ length: 512 }, randomId)
    expect(random).not.toHaveBeenCalled()
    expect(bytes.mock.calls.map(([pool]) => pool?.byteLength)).toEqual([22 * 256, 22 * 256])
    expect(new Set(ids).size).toBe(512)
  })

  test('the same bytes give the same id: nothing else goes in', () => {
    const bytes = vi.spyOn(crypto, 'getRandomValues')
    bytes.mockImplementation((pool) => (pool as Uint8Array).fill(0) as never)
    for (let i = 0; i < 256; i++) randomId() // what was left of the pool before
    const ids = Array.from({ length: 256 }, randomId)
    expect(new Set(ids)).toEqual(new Set(['A'.repeat(22)]))
  })
})
