import { describe, expect, test, vi } from 'vitest'
import { calls, dead, onVirtualTime, pass, probe, started } from '../test/watched-liveness.js'
import { Liveness } from './liveness.js'

onVirtualTime()

describe('an idle link', () => {
  test('R-009 is probed after 60 s, R-010 and dead 15 s later', () => {
    started()
    pass(59_999)
    expect(calls()).toEqual([0, 0])
    pass(1)
    expect(calls()).toEqual([1, 0])
    pass(14_999)
    expect(calls()).toEqual([1, 0])
    pass(1)
    expect(calls()).toEqual([1, 1])
    pass(3_600_000)
    expect(calls()).toEqual([1, 1])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('R-043 and later, by what a slow link takes for what lies before the probe', () => {
    const liveness = new Liveness({ probe, dead, allowance: () => 20_000 })
    liveness.start()
    pass(60_000 + 34_999)
    expect(calls()).toEqual([1, 0])
    pass(1)
    expect(calls()).toEqual([1, 1])
  })

  test('R-009 after 300 s where the user says so', () => {
    started({ idle: 300_000 })
    pass(299_999)
    expect(calls()).toEqual([0, 0])
    pass(15_001)
    expect(calls()).toEqual([1, 1])
  })

  test('R-009 R-013 any byte puts it off', () => {
    const liveness = started()
    for (let second = 0; second < 600; second += 50) {
      pass(50_000)
      liveness.heard()
    }
    expect(calls()).toEqual([0, 0])
    pass(60_000)
    expect(calls()).toEqual([1, 0])
  })

  test('R-010 any byte answers a probe, and 60 s after it comes the next', () => {
    const liveness = started()
    for (let round = 1; round <= 5; round++) {
      pass(60_000)
      expect(calls()).toEqual([round, 0])
      liveness.heard()
    }
    pass(75_000)
    expect(calls()).toEqual([6, 1])
  })

  test('R-010 an answer within the probe itself counts', () => {
    const liveness = started()
    probe.mockImplementation(() => liveness.heard())
    pass(600_000)
    expect(calls()).toEqual([10, 0])
  })

  test('what was heard in the very moment before the probe is no answer to it', () => {
    const liveness = started()
    liveness.heard()
    liveness.check()
    pass(5000)
    expect(calls()).toEqual([1, 1])
  })

  test('a byte costs no timer', () => {
    const liveness = started()
    const set = vi.spyOn(globalThis, 'setTimeout')
    for (let count = 0; count < 1000; count++) liveness.heard()
    for (let count = 0; count < 1000; count++) liveness.sent()
    expect(set).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(1)
  })

  test('R-053 S-206 a clock that jumps makes no difference', () => {
    started()
    vi.setSystemTime(Date.now() + 3_600_000)
    pass(59_999)
    expect(calls()).toEqual([0, 0])
    vi.setSystemTime(Date.now() - 7_200_000)
    pass(1)
    expect(calls()).toEqual([1, 0])
    pass(15_000)
    expect(calls()).toEqual([1, 1])
  })

  test('an idle time that no timer can hold does not become none', () => {
    started({ idle: 2 ** 40 })
    pass(3_600_000)
    expect(calls()).toEqual([0, 0])
  })
})

describe('R-011 check', () => {
  test('probes at once, and is dead 5 s later', () => {
    const liveness = started()
    pass(10_000)
    liveness.check()
    expect(calls()).toEqual([1, 0])
    pass(4999)
    expect(calls()).toEqual([1, 0])
    pass(1)
    expect(calls()).toEqual([1, 1])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('looks again 30 s later, then as usual', () => {
    const liveness = started()
    probe.mockImplementation(() => liveness.heard())
    liveness.check()
    pass(29_999)
    expect(calls()).toEqual([1, 0])
    pass(1)
    expect(calls()).toEqual([2, 0])
    pass(59_999)
    expect(calls()).toEqual([2, 0])
    pass(1)
    expect(calls()).toEqual([3, 0])
  })

  test('the second look has the usual 15 s', () => {
    const liveness = started()
    liveness.check()
    liveness.heard()
    pass(30_000)
    expect(calls()).toEqual([2, 0])
    pass(14_999)
    expect(calls()).toEqual([2, 0])
    pass(1)
    expect(calls()).toEqual([2, 1])
  })

  test('shortens a probe that is under way', () => {
    const liveness = started()
    pass(61_000)
    liveness.check()
    expect(calls()).toEqual([2, 0])
    pass(5000)
    expect(calls()).toEqual([2, 1])
  })

  test('several at once are one', () => {
    const liveness = started()
    liveness.check()
    pass(2000)
    liveness.check()
    liveness.check()
    expect(calls()).toEqual([1, 0])
    pass(3000)
    expect(calls()).toEqual([1, 1])
  })

  test('does nothing before the start and after the end', () => {
    const liveness = new Liveness({ probe, dead })
    liveness.check()
    liveness.limit(10)
    liveness.pause(true)
    liveness.pause(false)
    liveness.start()
    liveness.stop()
    liveness.check()
    expect(calls()).toEqual([0, 0])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('XEP-0478 idle-seconds', () => {
  test('R-009 we are heard after half of it, whatever we hear', () => {
    const liveness = started()
    liveness.limit(40)
    for (let second = 1; second <= 100; second++) {
      pass(1000)
      liveness.heard()
    }
    expect(calls()).toEqual([5, 0])
  })

  test('R-009 silence of the server is noticed no later than before', () => {
    const liveness = started()
    liveness.limit(40)
    pass(20_000)
    expect(calls()).toEqual([1, 0])
    pass(15_000)
    expect(calls()).toEqual([1, 1])
  })

  test('what we write puts it off', () => {
    const liveness = started()
    liveness.limit(40)
    for (let second = 1; second <= 100; second++) {
      pass(1000)
      liveness.heard()
      liveness.sent()
    }
    expect(calls()).toEqual([0, 0])
  })

  test('a server that wants very much traffic does not get it', () => {
    const liveness = started()
    probe.mockImplementation(() => liveness.heard())
    liveness.limit(1)
    pass(60_000)
    expect(calls()).toEqual([12, 0])
  })

  test.each([undefined, 0])('%s is no limit, and lifts one', (idleSeconds) => {
    const liveness = started()
    liveness.limit(10)
    liveness.limit(idleSeconds)
    pass(59_999)
    expect(calls()).toEqual([0, 0])
  })
})

describe('the end', () => {
  test.each([
    ['idle', () => {}],
    ['probing', () => pass(61_000)],
  ])('R-007 stop while %s leaves no timer, and nothing is called any more', (_title, before) => {
    const liveness = started()
    before()
    const earlier = calls()
    liveness.stop()
    liveness.stop()
    expect(vi.getTimerCount()).toBe(0)
    liveness.heard()
    liveness.pause(true)
    liveness.pause(false)
    pass(600_000)
    expect(calls()).toEqual(earlier)
  })

  test('stop within a probe', () => {
    const liveness = started()
    probe.mockImplementation(() => liveness.stop())
    pass(600_000)
    expect(calls()).toEqual([1, 0])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('it can start again', () => {
    const liveness = started()
    pass(75_000)
    liveness.start()
    pass(60_000)
    expect(calls()).toEqual([2, 1])
  })

  test('R-007 what was asked for while it was paused does not outlive it', () => {
    const liveness = started()
    liveness.pause(true)
    liveness.check()
    liveness.start()
    liveness.pause(true)
    liveness.pause(false)
    expect(calls()).toEqual([0, 0])
    pass(60_000)
    expect(calls()).toEqual([1, 0])
  })

  test('a new connection is not paused because the last one was', () => {
    const liveness = started()
    liveness.pause(true)
    liveness.stop()
    liveness.start()
    pass(75_000)
    expect(calls()).toEqual([1, 1])
  })

  test('its timer does not keep a process alive', () => {
    vi.useRealTimers()
    const set = vi.spyOn(globalThis, 'setTimeout')
    const liveness = started()
    const timer = set.mock.results[0]?.value as { hasRef(): boolean }
    expect(timer.hasRef()).toBe(false)
    liveness.stop()
    set.mockRestore()
  })
})
