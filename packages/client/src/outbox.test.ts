import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { JournalPlaces } from './journal-places.js'
import type { Line, StanzaWriter } from './line.js'
import { Outbox } from './outbox.js'
import { SendTicket } from './send-ticket.js'
import { StreamManagement } from './stream-management.js'
import { writtenText } from './with-delay.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
})

const text = (id: string): string => `<message id='${id}'><body>${id}</body></message>`
const ticket = (id: string, kind: SendTicket['kind'] = 'message'): SendTicket => new SendTicket(id, text(id), kind)

/** A connection that notes what is written. */
function line(outbox: Outbox, more: Partial<Line> & Pick<StanzaWriter, 'connection'> = {}) {
  const { connection, ...rest } = more
  const written: string[] = []
  const writer = { write: (each: string) => void written.push(each), sendElement: () => {}, connection } as StanzaWriter
  const management = new StreamManagement(
    { id: 'sm', resume: true },
    { send: () => {}, handled: () => 0, acknowledged: (count) => outbox.acknowledged(count), dead: () => {} },
  )
  return { written, management, line: { writer, acks: management, management, textOf: writtenText, ...rest } as Line }
}

/** An outbox with a connection, open. */
function online(more: Parameters<typeof line>[1] = {}) {
  const outbox = new Outbox()
  const connected = line(outbox, more)
  outbox.connect(connected.line)
  outbox.open()
  return { outbox, ...connected }
}

const tick = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0)
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true
  const settle = (): void => {
    pending = false
  }
  promise.then(settle, settle)
  await tick()
  return pending
}

describe('S-171 R-024 the bound of what is not acknowledged', () => {
  test('1,000 stanzas; the next ones wait, are not rejected, and move up one by one', async () => {
    const { outbox, written, management } = online()
    const tickets = Array.from({ length: 10_000 }, (_, i) => ticket(`${i}`))
    for (const each of tickets) outbox.add(each)
    expect(written).toHaveLength(1000)
    expect(await isPending((tickets[999] as SendTicket).accepted)).toBe(false)
    const { accepted } = tickets[1000] as SendTicket
    expect(await isPending(accepted)).toBe(true)
    management.acknowledge(1)
    expect(written).toHaveLength(1001)
    await accepted
    management.acknowledge(1001)
    expect(written).toHaveLength(2001)
    expect(written).toEqual(tickets.slice(0, 2001).map(({ id }) => text(id)))
    expect([tickets[1000]?.state, tickets[2001]?.state]).toEqual(['acked', 'queued'])
  })

  test('8 MiB; and what is larger than that has its place when nothing else is there', async () => {
    const { outbox, written, management } = online()
    const large = (id: string, mib: number) => new SendTicket(id, 'x'.repeat(mib * 1024 * 1024))
    const tickets = [large('a', 5), large('b', 3), ticket('c'), large('d', 9), ticket('e')]
    for (const each of tickets) outbox.add(each)
    const accepted = (): Promise<boolean[]> =>
      Promise.all(tickets.map(async (each) => !(await isPending(each.accepted))))
    expect(await accepted()).toEqual([true, true, false, false, false])
    management.acknowledge(1)
    expect(await accepted()).toEqual([true, true, true, false, false])
    management.acknowledge(2)
    expect(written).toHaveLength(3)
    expect(await accepted(), 'c is still there').toEqual([true, true, true, false, false])
    management.acknowledge(3)
    expect(await accepted()).toEqual([true, true, true, true, false])
    management.acknowledge(4)
    expect(written).toHaveLength(5)
  })

  test('what has no place when everything ends fails as well', async () => {
    const { outbox } = online()
    const tickets = Array.from({ length: 1001 }, (_, i) => ticket(`${i}`))
    for (const each of tickets) outbox.add(each)
    const { accepted } = tickets[1000] as SendTicket
    outbox.fail(new Error('over'))
    await expect(accepted).rejects.toThrow('over')
    expect(new Set(tickets.map(({ state }) => state))).toEqual(new Set(['failed']))
    await expect(outbox.acknowledgedAll()).resolves.toBeUndefined()
  })
})

test('R-029 what an earlier client has left stays in the journal when everything ends', () => {
  const outbox = new Outbox()
  const [free, putBack] = [vi.fn(), vi.fn()]
  const [written, queued, own] = [ticket('written'), ticket('queued'), ticket('own')]
  outbox.places = { park() {}, forget() {}, accept() {}, free, putBack } as unknown as JournalPlaces
  outbox.restore([written], [queued], 0)
  outbox.add(own)
  outbox.fail(new Error('over'))
  expect([putBack.mock.calls, free.mock.calls]).toEqual([[[written]], [[own]]])
  expect([own.state, outbox.inFlight, outbox.uncertain]).toEqual(['failed', 0, []])
})

describe('R-040 a peer that does not read', () => {
  const unmanaged = { management: undefined, acks: { confirm: () => {} } }

  test('gets no more than 1 MiB, until it does', async () => {
    let drain: () => void = () => {}
    const connection = {
      buffered: 0,
      drained: () => new Promise<void>((resolve) => (drain = resolve)),
      pause: () => {},
    }
    const { outbox, written } = online({ connection, ...unmanaged })
    outbox.add(ticket('a'))
    connection.buffered = 1024 * 1024 + 1
    const waiting = [ticket('b'), ticket('c')]
    for (const each of waiting) outbox.add(each)
    expect([written.length, waiting[0]?.state]).toEqual([1, 'queued'])
    connection.buffered = 0
    drain()
    await tick()
    expect(written).toEqual(['a', 'b', 'c'].map(text))
  })

  test('a connection that never got rid of anything is no obstacle to the next', async () => {
    const stuck = { buffered: 2 ** 21, drained: () => new Promise<void>(() => {}), pause: () => {} }
    const { outbox, written } = online({ connection: stuck })
    outbox.add(ticket('a'))
    expect(written).toEqual([])
    outbox.disconnect()
    let drain: () => void = () => {}
    const slow = { ...stuck, drained: () => new Promise<void>((resolve) => (drain = resolve)) }
    const next = line(outbox, { connection: slow })
    outbox.connect(next.line)
    outbox.open()
    slow.buffered = 0
    drain()
    await tick()
    expect(next.written).toEqual([text('a')])
  })
})

describe('R-043 what is on its way to a slow server', () => {
  test('is at most 64 KiB, or one stanza: what lies before the question whether it is there', () => {
    const asked = vi.fn()
    const { outbox, written, management } = online()
    management.ask = asked
    const kib = (n: number) => new SendTicket('a', 'x'.repeat(n * 1024))
    for (const size of [30, 34, 1, 100, 1]) outbox.add(kib(size))
    expect(written).toHaveLength(2)
    expect(asked).toHaveBeenCalled() // otherwise it would never go on
    management.acknowledge(1)
    expect(written).toHaveLength(3)
    management.acknowledge(3)
    expect(written).toHaveLength(4)
    management.acknowledge(4)
    expect(written).toHaveLength(5)
  })

  test('counts in bytes, not in characters', () => {
    const { outbox, written, management } = online()
    for (const id of ['a', 'b', 'c']) outbox.add(new SendTicket(id, '漢'.repeat(10 * 1024)))
    expect([written.length, outbox.inFlight]).toEqual([2, 60 * 1024])
    management.acknowledge(2)
    expect([written.length, outbox.inFlight]).toEqual([3, 30 * 1024])
  })
})

describe('R-042 a stanza that is larger than the server takes', () => {
  test.each([
    ['in bytes, not in characters', 'ä'.repeat(60), 100],
    ['by one', 'x'.repeat(101), 100],
  ])('%s: fails here, and the others go', async (_title, large, maxBytes) => {
    const { outbox, written } = online({ maxBytes })
    const tickets = [ticket('a'), new SendTicket('large', large), ticket('b')]
    for (const each of tickets) outbox.add(each)
    await expect(tickets[1]?.acked).rejects.toMatchObject({ code: 'refused-stanza' })
    expect(written).toEqual([text('a'), text('b')])
  })

  test('with the namespace that it has in a frame', () => {
    const connection = { framed: true, buffered: 0, drained: async () => {}, pause: () => {} }
    const { outbox, written } = online({ maxBytes: 122, connection })
    const tickets = [100, 101].map((size) => new SendTicket(`${size}`, 'x'.repeat(size)))
    for (const each of tickets) outbox.add(each)
    expect([written.length, ...tickets.map(({ state }) => state)]).toEqual([1, 'written', 'failed'])
  })

  test('not because it is sent again: then it does not say when it was sent first', () => {
    const { outbox, written, management } = online({ maxBytes: text('1').length })
    const sent = ticket('1')
    outbox.add(sent)
    management.suspend()
    outbox.disconnect()
    management.resume()
    const next = line(outbox, { maxBytes: text('1').length })
    outbox.resend({ ...next.line, management, acks: management })
    expect([written, next.written, sent.state]).toEqual([[text('1')], [text('1')], 'written'])
  })

  test('exactly as large goes', () => {
    const { outbox, written } = online({ maxBytes: 100 })
    outbox.add(new SendTicket('a', 'x'.repeat(100)))
    outbox.add(new SendTicket('b', 'ä'.repeat(50)))
    expect(written).toHaveLength(2)
  })
})

describe('R-027 what is sent again', () => {
  test('comes first and in order, with the time when it was written first; what is new comes after', () => {
    vi.setSystemTime('2026-01-01T00:00:00Z')
    const { outbox, management } = online()
    for (const id of ['1', '2', '3']) outbox.add(ticket(id))
    vi.setSystemTime('2026-01-01T00:01:00Z')
    management.suspend()
    outbox.disconnect()
    outbox.add(ticket('4'))
    management.acknowledge(1)
    management.resume()
    const next = line(outbox)
    outbox.resend({ ...next.line, management, acks: management })
    outbox.add(ticket('5'))
    const ids = next.written.map((each) => /id='(\d)'/.exec(each)?.[1])
    expect(ids).toEqual(['2', '3', '4', '5'])
    const stamps = next.written.map((each) => /<delay xmlns='urn:xmpp:delay' stamp='([^']*)'/.exec(each)?.[1])
    expect(stamps).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', undefined, undefined])
    expect(management.sent).toBe(5)
  })

  test('twice in a row: the time stays, and nothing is there twice', () => {
    vi.setSystemTime('2026-01-01T00:00:00Z')
    const { outbox, management } = online()
    outbox.add(ticket('1'))
    let last: string[] = []
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(60_000)
      management.suspend()
      outbox.disconnect()
      management.resume()
      const next = line(outbox)
      outbox.resend({ ...next.line, management, acks: management })
      last = next.written
    }
    expect(last).toHaveLength(1)
    expect(last[0]?.match(/<delay /g)).toHaveLength(1)
    expect(last[0]).toContain('2026-01-01T00:00:00Z')
  })
})

describe('R-026 a session that is lost', () => {
  test('its messages hold up what comes after them until it is known what became of them; the rest fails', () => {
    const { outbox } = online()
    const messages = ['1', '2', '3'].map((id) => ticket(id))
    const request = ticket('q', 'iq')
    for (const each of [messages[0], messages[1]]) outbox.add(each as SendTicket)
    outbox.write(request)
    outbox.disconnect()
    outbox.add(messages[2] as SendTicket)
    outbox.lose(new Error('lost'))
    expect(request.state).toBe('failed')
    expect(outbox.uncertain.map(({ id }) => id)).toEqual(['1', '2'])
    const next = line(outbox)
    outbox.connect(next.line)
    outbox.open()
    expect(next.written).toEqual([])
    outbox.settle(messages[0] as SendTicket, 'handled')
    outbox.settle(messages[1] as SendTicket, 'missing')
    outbox.open()
    expect(next.written.map((each) => /id='(\d)'/.exec(each)?.[1])).toEqual(['2', '3'])
    expect(messages.map(({ state }) => state)).toEqual(['acked', 'written', 'written'])
  })

  test('twice in a row, before anything was found out: in order all the same', () => {
    const { outbox } = online()
    const messages = ['1', '2', '3'].map((id) => ticket(id))
    for (const each of messages) outbox.add(each)
    outbox.disconnect()
    outbox.lose(new Error('lost'))
    outbox.connect(line(outbox).line)
    outbox.settle(messages[0] as SendTicket, 'missing')
    outbox.open() // the first is written again, the second is uncertain
    outbox.disconnect()
    outbox.lose(new Error('lost again'))
    expect(outbox.uncertain.map(({ id }) => id)).toEqual(['1', '2', '3'])
    outbox.settle(messages[1] as SendTicket, 'unknown')
    expect(messages[1]?.state).toBe('failed')
  })
})
