import { NS_STREAM, NS_STREAM_ERRORS, StreamError, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { Backoff } from './backoff.js'
import { ConnectionError } from './connection-error.js'
import { Verdicts } from './verdicts.js'

const clients = 1000
const lost = new ConnectionError('session', 'closed', 'reset by peer')
const refused = new ConnectionError('tcp', 'refused', 'nothing listens there')
const unopened = new ConnectionError('websocket', 'unreachable', 'the WebSocket could not be opened')

const streamErrorOf = (condition: string): StreamError =>
  StreamError.fromElement(xml(NS_STREAM, 'error', {}, xml(NS_STREAM_ERRORS, condition)))

/** What happens to every client at the same moment. */
interface Restart {
  readonly end: Error
  readonly attempt: ConnectionError
  readonly resumable: boolean
  /** Milliseconds until the server listens again. */
  readonly down: number
}

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The milliseconds after the end at which a client tried to connect; the last one got through. */
function attempts({ end, attempt, resumable, down }: Restart, random: () => number): number[] {
  let now = -120_000
  const backoff = new Backoff({ random, now: () => now })
  const verdicts = new Verdicts(() => now)
  backoff.online()
  verdicts.online()
  now = 0
  const times: number[] = []
  for (let error: Error = end; now < down || times.length === 0; error = attempt) {
    const verdict = verdicts.judge(error, { resumable, fixedResource: true, secure: true })
    if (verdict.kind === 'stop') throw new Error(`stopped: ${verdict.reason}`)
    now += backoff.next(verdict)
    times.push(now)
  }
  return times
}

/** The most that happened in any second, whenever it began. */
function busiestSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  let from = 0
  let most = 0
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[from] as number) >= 1000) from++
    most = Math.max(most, index - from + 1)
  }
  return most
}

const shutdown = streamErrorOf('system-shutdown')
const seconds = [2, 10, 20, 30, 45, 60, 90, 300]
const restarts = seconds.flatMap((down) =>
  [true, false].flatMap((resumable) => [
    { title: `polite, down for ${down} s, resumable: ${resumable}`, end: shutdown, attempt: refused, resumable, down },
    { title: `killed, down for ${down} s, resumable: ${resumable}`, end: lost, attempt: refused, resumable, down },
    {
      title: `killed, browsers, down for ${down} s, resumable: ${resumable}`,
      end: lost,
      attempt: unopened,
      resumable,
      down,
    },
  ]),
)

describe('R-016 1,000 clients whose server restarts', () => {
  test.each(restarts)('$title: at most 5 % of them come in any second', ({ down, ...restart }) => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seeded(seed)
      const all = Array.from({ length: clients }, () => attempts({ ...restart, down: down * 1000 }, random))
      const connected = all.map((times) => times.at(-1) as number)
      expect(busiestSecond(connected)).toBeLessThanOrEqual(clients * 0.05)
      // A lost link is tried at once, and the port is closed to all of them; after that, even refusals are spread.
      const later = all.flat().filter((time) => time >= 1000)
      expect(busiestSecond(later)).toBeLessThanOrEqual(clients * 0.05)
    }
  })

  test('back-off alone would not do: this is what the spread is for', () => {
    const random = seeded(1)
    const plain = Array.from({ length: clients }, () => {
      const backoff = new Backoff({ random })
      let now = backoff.next({ delay: { min: 0, max: 1000 } })
      while (now < 2000) now += backoff.next()
      return now
    })
    expect(busiestSecond(plain)).toBeGreaterThan(clients * 0.3)
  })

  test('all are back within two and a half minutes of a restart of 2 s', () => {
    const random = seeded(7)
    const restart = { end: lost, attempt: refused, resumable: true, down: 2000 }
    const last = Array.from({ length: clients }, () => attempts(restart, random).at(-1) as number)
    expect(Math.max(...last)).toBeLessThan(150_000)
  })
})

test('R-015 one whose link was lost, and whose server is there, is back within a second', () => {
  const random = seeded(3)
  for (const end of [
    lost,
    new ConnectionError('session', 'timeout', 'no answer'),
    streamErrorOf('connection-timeout'),
  ]) {
    for (let run = 0; run < 200; run++) {
      const times = attempts({ end, attempt: refused, resumable: true, down: 0 }, random)
      expect(times.every((time) => time <= 1000)).toBe(true)
    }
  }
})

test('an error of ours is no restart of the server', () => {
  const verdict = new Verdicts().judge(new StreamError({ condition: 'system-shutdown' }), {
    resumable: true,
    fixedResource: true,
    secure: true,
  })
  expect(verdict).toEqual({ kind: 'retry', delay: 'backoff', fresh: true })
})
