import { readElement, type XmlElement } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Ack, AckRequest, NS_SM } from './elements.js'
import { StreamManagement } from './stream-management.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
})

function nameOf(element: XmlElement): 'r' | number | undefined {
  if (AckRequest.matches(element)) return 'r'
  const ack = readElement(Ack, element)
  return ack.ok ? ack.value.h : undefined
}

function managed(start?: { sent: number; acked: number; handled: number }) {
  const sent: XmlElement[] = []
  const acknowledged: number[] = []
  const state = { handled: start?.handled ?? 0, deaths: 0, inFlight: 0 }
  const management = new StreamManagement(
    { id: 'sm', resume: true },
    {
      send: (element) => void sent.push(element),
      handled: () => state.handled,
      acknowledged: (count) => void acknowledged.push(count),
      inFlight: () => state.inFlight,
      dead: () => state.deaths++,
    },
    start,
  )
  return {
    management,
    acknowledged,
    state,
    write: (count: number, soon = true) => {
      for (let i = 0; i < count; i++) {
        management.count()
        management.wrote(soon)
      }
    },
    /** What was sent since this was asked last: `r`, or the count of an `a`. */
    take: () => sent.splice(0).map(nameOf),
    answer: (h: number) => management.take(Ack({ h })),
  }
}

describe('R-022 when to ask', () => {
  test('one message: after 250 ms, once', () => {
    const { write, take, answer } = managed()
    write(1)
    vi.advanceTimersByTime(249)
    expect(take()).toEqual([])
    vi.advanceTimersByTime(1)
    expect(take()).toEqual(['r'])
    answer(1)
    vi.advanceTimersByTime(3_600_000)
    expect(take()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('ten: after five, and for the others when that is answered', () => {
    const { write, take, answer } = managed()
    write(4)
    expect(take()).toEqual([])
    write(6)
    expect(take()).toEqual(['r'])
    answer(5)
    expect(take()).toEqual(['r'])
    answer(10)
    vi.advanceTimersByTime(3_600_000)
    expect(take()).toEqual([])
  })

  test('a thousand: never more than one question at a time, and at the end all is known', () => {
    const { management, write, take, answer } = managed()
    let questions = 0
    for (let i = 0; i < 1000; i++) {
      write(1)
      const asked = take().length
      questions += asked
      expect(asked).toBeLessThanOrEqual(1)
      if (i % 50 === 49) answer(i + 1)
    }
    vi.advanceTimersByTime(250)
    questions += take().length
    answer(1000)
    expect(management.acked).toBe(1000)
    expect(questions).toBeLessThanOrEqual(1000 / 5 + 1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('what nobody waits for is not asked about, until there are five', () => {
    const { write, take } = managed()
    write(4, false)
    vi.advanceTimersByTime(3_600_000)
    expect(take()).toEqual([])
    write(1, false)
    expect(take()).toEqual(['r'])
  })

  test('who wants to know at once is told, and who comes meanwhile after that', () => {
    const { management, write, take, answer } = managed()
    write(1)
    management.ask()
    write(1)
    management.ask()
    expect(take()).toEqual(['r'])
    answer(1)
    expect(take()).toEqual(['r'])
    answer(2)
    expect(take()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an answer that comes too early is asked for again', () => {
    const { management, write, take, answer } = managed()
    write(1)
    management.ask()
    answer(0)
    expect(take()).toEqual(['r'])
    vi.advanceTimersByTime(250)
    expect(take()).toEqual(['r'])
  })

  test('nobody is asked about what is not written yet', () => {
    const { management, take, answer } = managed()
    management.count()
    management.ask()
    answer(0)
    expect(take()).toEqual(['r'])
    vi.advanceTimersByTime(3_600_000)
    expect(take()).toEqual([])
  })
})

describe('S-171 a server that does not answer', () => {
  test('is dead after 30 s', () => {
    const { management, state } = managed()
    management.ask()
    vi.advanceTimersByTime(29_999)
    expect(state.deaths).toBe(0)
    vi.advanceTimersByTime(1)
    expect(state.deaths).toBe(1)
  })

  test('R-043 and later, by what a link of 3 KB/s takes for what lies before the question', () => {
    const { management, state } = managed()
    state.inFlight = 60_000
    management.ask()
    vi.advanceTimersByTime(49_999)
    expect(state.deaths).toBe(0)
    vi.advanceTimersByTime(1)
    expect(state.deaths).toBe(1)
  })

  test('R-041 unless nothing is read: then it has 30 s from when it is read again', () => {
    const { management, state, take } = managed()
    management.ask()
    management.pause(true)
    management.ask()
    vi.advanceTimersByTime(3_600_000)
    expect([state.deaths, take()]).toEqual([0, ['r']])
    management.pause(false)
    vi.advanceTimersByTime(29_999)
    expect(state.deaths).toBe(0)
    vi.advanceTimersByTime(1)
    expect(state.deaths).toBe(1)
  })

  test('R-041 also if it is asked while nothing is read', () => {
    const { management, state } = managed()
    management.pause(true)
    management.ask()
    vi.advanceTimersByTime(3_600_000)
    expect([state.deaths, vi.getTimerCount()]).toEqual([0, 0])
  })

  test('and nobody waits for an answer on a connection that is gone', () => {
    const { management, write, state, take } = managed()
    write(5)
    take()
    management.suspend()
    write(10)
    management.ask()
    management.tell()
    management.handled()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(3_600_000)
    expect([state.deaths, take()]).toEqual([0, []])
  })
})

describe('R-023 telling', () => {
  test('at once, when asked', () => {
    const { management, state, take } = managed()
    state.handled = 7
    expect(management.take(AckRequest())).toBeUndefined()
    expect(take()).toEqual([7])
  })

  test('without being asked every 50 stanzas', () => {
    const { management, state, take } = managed()
    for (let i = 0; i < 120; i++) {
      state.handled++
      management.handled()
    }
    expect(take()).toEqual([50, 100])
  })

  test('without being asked after 30 s, and then only when there is news', () => {
    const { management, state, take } = managed()
    state.handled = 1
    management.handled()
    vi.advanceTimersByTime(20_000)
    state.handled = 2
    management.handled()
    vi.advanceTimersByTime(9999)
    expect(take()).toEqual([])
    vi.advanceTimersByTime(1)
    expect(take()).toEqual([2])
    vi.advanceTimersByTime(3_600_000)
    expect(take()).toEqual([])
  })
})

describe('R-025 counters', () => {
  const wrap = 2 ** 32

  test('what the server has handled goes on from 2³² − 1 to 0', () => {
    const start = wrap - 3
    const { management, write, acknowledged, answer } = managed({ sent: start, acked: start, handled: 0 })
    write(6)
    expect(answer(wrap - 1)).toBeUndefined()
    expect(answer(0)).toBeUndefined()
    expect(answer(3)).toBeUndefined()
    expect(acknowledged).toEqual([2, 1, 3])
    expect(answer(3)).toBeUndefined()
    expect(answer(4)).toMatchObject({ condition: 'undefined-condition' })
    expect([management.sent, management.acked]).toEqual([wrap + 3, wrap + 3])
  })

  test('and what we have handled as well', () => {
    const { management, state, take } = managed({ sent: 0, acked: 0, handled: wrap - 10 })
    state.handled = wrap - 1
    management.tell()
    state.handled = wrap + 40
    management.handled()
    vi.advanceTimersByTime(30_000)
    expect(take()).toEqual([wrap - 1, 40])
  })

  test.each([
    [8, 10, { h: '10', 'send-count': '8' }],
    [0, 5, { h: '5', 'send-count': '0' }],
    [2, wrap, { h: String(wrap), 'send-count': '2' }],
  ])('S-164 %d sent, %d handled', (sent, h, counts) => {
    const { management, write, acknowledged } = managed()
    write(sent)
    const error = management.acknowledge(h)
    expect(error).toMatchObject({ condition: 'undefined-condition' })
    const detail = error?.toElement().child('handled-count-too-high', NS_SM)
    expect(Object.fromEntries(detail?.attributes() ?? [])).toEqual(counts)
    expect(acknowledged).toEqual([])
  })

  test('S-165 less than before', () => {
    const { write, answer } = managed()
    write(8)
    expect(answer(7)).toBeUndefined()
    expect(answer(5)).toMatchObject({ condition: 'undefined-condition' })
  })

  test('resumed, what was not acknowledged is counted again from there', () => {
    const { management, write, take, answer } = managed()
    write(8)
    take()
    management.suspend()
    expect(management.acknowledge(3)).toBeUndefined()
    management.resume()
    expect([management.sent, management.acked]).toEqual([3, 3])
    write(5)
    expect(take()).toEqual(['r'])
    expect(answer(8)).toBeUndefined()
    expect(management.acked).toBe(8)
  })
})
