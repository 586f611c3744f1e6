import { describe, expect, test } from 'vitest'
import { seededRandom } from './seeded-random.js'

describe('random numbers from a seed', () => {
  test('are the same again, and others for another seed', () => {
    const draw = (seed: number): number[] => Array.from({ length: 50 }, seededRandom(seed).next)
    expect(draw(7)).toEqual(draw(7))
    expect(new Set([...draw(0), ...draw(1), ...draw(2)]).size).toBe(150)
  })

  test('are spread over the range', () => {
    const random = seededRandom(3)
    const counts = [0, 0, 0, 0]
    for (let n = 0; n < 4000; n++) counts[random.below(4)]!++
    for (const count of counts) expect(count).toBeGreaterThan(850)
    const list = ['a', 'b', 'c'] as const
    expect(new Set(Array.from({ length: 50 }, () => random.pick(list)))).toEqual(new Set(list))
    expect(() => random.pick([])).toThrow(RangeError)
  })
})
