import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Backoff } from './backoff.js'

describe('Backoff', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }))
  afterEach(() => void vi.useRealTimers())

  const delays = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.next())

  test('R-015 the delay is 1 s × 1.7ⁿ, at most 300 s, times 0.5 to 1', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0)
    const least = delays(new Backoff(), 13)
    random.mockReturnValue(1 - Number.EPSILON)
    const most = delays(new Backoff(), 13)
    expect(most.slice(0, 4).map(Math.round)).toEqual([1000, 1700, 2890, 4913])
    expect(most.slice(11).map(Math.round)).toEqual([300_000, 300_000])
    expect(least.map((delay) => Math.round(delay * 2))).toEqual(most.map(Math.round))
  })

  test('R-015 never overflows, however often it fails', () => {
    const backoff = new Backoff()
    expect(delays(backoff, 2000).every((delay) => delay >= 500 && delay <= 300_000)).toBe(true)
  })

  test('R-017 starts afresh only after a connection has lasted for a minute', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const backoff = new Backoff()
    delays(backoff, 5)
    backoff.online()
    vi.advanceTimersByTime(59_999)
    expect(Math.round(backoff.next())).toBe(Math.round(500 * 1.7 ** 5))
    backoff.online()
    vi.advanceTimersByTime(60_000)
    expect(backoff.next()).toBe(500)
    expect(Math.round(backoff.next())).toBe(850)
  })

  test('S-206 R-053 a clock that jumps makes no difference', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const backoff = new Backoff()
    delays(backoff, 3)
    backoff.online()
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(Math.round(backoff.next())).toBe(Math.round(500 * 1.7 ** 3))
  })
})
