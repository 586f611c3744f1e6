import { afterEach, describe, expect, test, vi } from 'vitest'
import { randomId } from './random-id.js'

describe('randomId', () => {
  afterEach(() => vi.restoreAllMocks())

  test('10,000 ids are 16 characters of 64, and all different', () => {
    const ids = Array.from({ length: 10_000 }, randomId)
    expect(ids.filter((id) => !/^[\w-]{16}$/.test(id))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('every character of the alphabet occurs in every place', () => {
    const places = Array.from({ length: 16 }, () => new Set<string>())
    for (let i = 0; i < 4000; i++) for (const [at, character] of [...randomId()].entries()) places[at]?.add(character)
    expect(places.map(({ size }) => size)).toEqual(Array(16).fill(64))
  })

  test('takes its bytes from the CSPRNG, and never from Math.random', () => {
    const random = vi.spyOn(Math, 'random')
    const bytes = vi.spyOn(crypto, 'getRandomValues')
    for (let i = 0; i < 512; i++) randomId()
    expect(random).not.toHaveBeenCalled()
    expect(bytes.mock.calls.length).toBe(2)
  })
})
