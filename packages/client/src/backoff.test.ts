import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Backoff } from './backoff.js'

const least = () => 0
const most = () => 1 - Number.EPSILON

describe('Backoff', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }))
  afterEach(() => void vi.useRealTimers())

  const delays = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.next())

  test('R-015 the delay is 1 s × 1.7ⁿ, at most 300 s, times 0.5 to 1', () => {
    const shortest = delays(new Backoff({ random: least }), 13)
    const longest = delays(new Backoff({ random: most }), 13)
    expect(longest.slice(0, 4).map(Math.round)).toEqual([1000, 1700, 2890, 4913])
    expect(longest.slice(11).map(Math.round)).toEqual([300_000, 300_000])
    expect(shortest.map((delay) => Math.round(delay * 2))).toEqual(longest.map(Math.round))
  })

  test('R-015 chance is chance unless a test says otherwise', () => {
    const drawn = Array.from({ length: 100 }, () => new Backoff().next())
    expect(new Set(drawn).size).toBeGreaterThan(90)
    expect(drawn.every((delay) => delay >= 500 && delay < 1000)).toBe(true)
  })

  test('R-015 never overflows, however often it fails', () => {
    const backoff = new Backoff()
    backoff.startFrom(1)
    expect(delays(backoff, 2000).every((delay) => delay >= 500 && delay <= 300_000)).toBe(true)
  })

  test('R-017 starts afresh only after a connection has lasted for a minute', () => {
    const backoff = new Backoff({ random: least })
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
    const backoff = new Backoff({ random: least })
    delays(backoff, 3)
    backoff.online()
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(Math.round(backoff.next())).toBe(Math.round(500 * 1.7 ** 3))
  })

  test('R-015 a range that comes first is taken as it is, and is a step', () => {
    const soon = { delay: { min: 0, max: 1000 } }
    expect(new Backoff({ random: least }).next(soon)).toBe(0)
    const backoff = new Backoff({ random: () => 0.5 })
    expect(backoff.next(soon)).toBe(500)
    expect(Math.round(backoff.next())).toBe(Math.round(0.75 * 1700))
  })

  test('R-017 no range makes a loop fast: later it is only the least', () => {
    const backoff = new Backoff({ random: least })
    const waits = Array.from({ length: 14 }, () => {
      backoff.online() // accepted, and dropped at once
      return backoff.next({ delay: { min: 0, max: 1000 } })
    })
    expect(waits.slice(0, 3).map(Math.round)).toEqual([0, 850, 1445])
    expect(waits.at(-1)).toBe(150_000)
    expect(backoff.next({ delay: { min: 310_000, max: 320_000 } })).toBe(310_000)
  })

  test('a penalty goes some steps further, until a connection has lasted', () => {
    const backoff = new Backoff({ random: least })
    expect(Math.round(backoff.next({ delay: 'backoff', penalty: 3 }))).toBe(Math.round(500 * 1.7 ** 3))
    backoff.online()
    expect(Math.round(backoff.next())).toBe(Math.round(500 * 1.7 ** 4))
    backoff.penalty(2)
    expect(Math.round(backoff.next())).toBe(Math.round(500 * 1.7 ** 7))
  })

  test('back-off from 60 s begins there, grows from there, and ends with the next login', () => {
    const backoff = new Backoff({ random: most })
    const waits = [backoff.next({ delay: 'backoff', from: 60_000 }), ...delays(backoff, 4)]
    expect(waits.map(Math.round)).toEqual([60_000, 102_000, 173_400, 294_780, 300_000])
    backoff.online()
    expect(Math.round(backoff.next())).toBe(Math.round(1000 * 1.7 ** 5))
  })

  test('R-015 after a range, back-off goes on from what it says', () => {
    const backoff = new Backoff({ random: least })
    expect(backoff.next({ delay: { min: 0, max: 60_000 }, from: 60_000 })).toBe(0)
    expect(backoff.next()).toBe(30_000)
  })

  test('R-011 reset: all is as in the beginning', () => {
    const backoff = new Backoff({ random: least })
    delays(backoff, 9)
    backoff.startFrom(60_000)
    backoff.reset()
    expect(backoff.next()).toBe(500)
  })
})
