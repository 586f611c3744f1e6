import { describe, expect, test, vi } from 'vitest'
import { calls, onVirtualTime, pass, started } from '../test/watched-liveness.js'
import type { Liveness } from './liveness.js'

onVirtualTime()

describe('R-041 back-pressure', () => {
  test('nobody is dead while we do not read', () => {
    const liveness = started()
    liveness.pause(true)
    expect(vi.getTimerCount()).toBe(0)
    pass(3_600_000)
    expect(calls()).toEqual([0, 0])
    liveness.pause(false)
    pass(60_000)
    expect(calls()).toEqual([1, 0])
    pass(15_000)
    expect(calls()).toEqual([1, 1])
  })

  test('the answer to an earlier probe has 15 s from when we read again', () => {
    const liveness = started()
    pass(70_000)
    liveness.pause(true)
    liveness.pause(true)
    pass(600_000)
    liveness.pause(false)
    pass(14_999)
    expect(calls()).toEqual([1, 0])
    pass(1)
    expect(calls()).toEqual([1, 1])
  })

  test('a check waits until we read again', () => {
    const liveness = started()
    liveness.pause(true)
    liveness.check()
    expect(calls()).toEqual([0, 0])
    liveness.pause(false)
    expect(calls()).toEqual([1, 0])
    pass(5000)
    expect(calls()).toEqual([1, 1])
  })

  test('XEP-0478 the server still hears us, and nobody waits for the answer', () => {
    const liveness = started()
    liveness.limit(40)
    liveness.pause(true)
    pass(100_000)
    expect(calls()).toEqual([5, 0])
  })
})

describe('R-011 a machine that slept', () => {
  let now: number
  /** The clock went on, and no timer ran; then the one that is due does. */
  const sleep = (ms: number): void => {
    now += ms
    vi.runOnlyPendingTimers()
  }
  const awake = (): Liveness => {
    now = 1000
    return started({ now: () => now })
  }

  test('is checked at once when the timer is late by more than twice its interval', () => {
    const liveness = awake()
    sleep(60_000 + 120_001)
    expect(calls()).toEqual([1, 0])
    sleep(5000) // in haste
    expect(calls()).toEqual([1, 1])
    liveness.stop()
  })

  test('a little late is not asleep: the probe has its 15 s', () => {
    const liveness = awake()
    sleep(60_000 + 120_000)
    sleep(5000)
    expect(calls()).toEqual([1, 0])
    sleep(10_000)
    expect(calls()).toEqual([1, 1])
    liveness.stop()
  })

  test('what was heard before it slept says nothing', () => {
    const liveness = awake()
    now += 600_000
    liveness.heard()
    vi.runOnlyPendingTimers()
    expect(calls()).toEqual([1, 0])
    liveness.stop()
  })

  test('with a probe under way it is asked once more instead of being dead', () => {
    const liveness = awake()
    sleep(60_000)
    sleep(600_000)
    expect(calls()).toEqual([2, 0])
    liveness.heard()
    sleep(5000)
    expect(calls()).toEqual([2, 0])
    liveness.stop()
  })

  test('so is one whose event loop was blocked; but only once, since a hidden page is always late', () => {
    awake()
    sleep(60_000)
    sleep(17_000)
    expect(calls()).toEqual([2, 0])
    sleep(60_000)
    expect(calls()).toEqual([2, 1])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('after an answer, being late is forgiven once more, and a second look follows', () => {
    const liveness = awake()
    for (let round = 0; round < 3; round++) {
      sleep(60_000)
      sleep(17_000)
      liveness.heard()
      sleep(5000)
    }
    expect(calls()).toEqual([6, 0])
    sleep(25_000)
    expect(calls()).toEqual([7, 0])
    liveness.stop()
  })

  test('a timer that comes a little too early does not count as silence', () => {
    const liveness = awake()
    sleep(59_999.5)
    expect(calls()).toEqual([0, 0])
    sleep(0.5)
    expect(calls()).toEqual([1, 0])
    sleep(14_999.5)
    expect(calls()).toEqual([1, 0])
    liveness.stop()
  })
})
