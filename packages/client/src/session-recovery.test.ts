import { message, NS_CLIENT, serialize } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { Outbox } from './outbox.js'
import type { SentFate, SentFinder } from './plugin.js'
import { SendTicket } from './send-ticket.js'
import { recoverSent } from './session-recovery.js'

/** An outbox with messages that are uncertain. */
function uncertain(...texts: string[]) {
  const outbox = new Outbox()
  const tickets = texts.map((text, i) => Object.assign(new SendTicket(`${i}`, text), { uncertain: true }))
  outbox.restore([], tickets, 0)
  const report = vi.fn()
  const recover = (finder: SentFinder | undefined, isCurrent = true): Promise<void> =>
    recoverSent(outbox, { finder, signal: new AbortController().signal, isCurrent: () => isCurrent, report })
  return { outbox, tickets, recover, report, states: () => tickets.map(({ state }) => state) }
}

const text = (body: string): string => serialize(message({ to: 'bob@example.org', id: body, body }).element, NS_CLIENT)

describe('R-026 recoverSent', () => {
  test('each message has the fate that was found', async () => {
    const { tickets, recover, states, outbox } = uncertain(text('1'), text('2'), text('3'))
    const fates: SentFate[] = ['handled', 'missing', 'unknown']
    const seen: unknown[] = []
    await recover(async (sent) => {
      seen.push(...sent.map(({ message: { id, body, to } }) => [id, body, String(to)]))
      return fates
    })
    expect(seen).toEqual(['1', '2', '3'].map((body) => [body, body, 'bob@example.org']))
    expect(states()).toEqual(['acked', 'queued', 'failed'])
    expect([tickets[1]?.uncertain, outbox.uncertain]).toEqual([false, []])
  })

  test.each([
    ['nobody can find out', undefined],
    ['too few answers come', async () => []],
    ['finding out fails', async () => Promise.reject(new Error('no'))],
  ])('if %s, nothing is known', async (_title, finder) => {
    const { recover, states, report } = uncertain(text('1'), text('2'))
    await recover(finder)
    expect(states()).toEqual(['failed', 'failed'])
    expect(report).toHaveBeenCalledTimes(finder?.toString().includes('reject') ? 1 : 0)
  })

  test('what the server says it has not handled is sent again, but to no room, which we have not entered yet', async () => {
    const room = serialize(message({ to: 'r@rooms.example.org', type: 'groupchat', body: '2' }).element, NS_CLIENT)
    const { tickets, recover, states } = uncertain(text('1'), room)
    for (const ticket of tickets) ticket.isUnhandled = true
    await recover(undefined)
    expect(states()).toEqual(['queued', 'failed'])
  })

  test('if the connection is lost meanwhile, they wait, and nobody is told', async () => {
    const { recover, outbox, report } = uncertain(text('1'))
    await recover(async () => Promise.reject(new Error('lost')), false)
    expect([outbox.uncertain.length, report.mock.calls]).toEqual([1, []])
  })

  test('nobody is asked about nothing', async () => {
    const { recover } = uncertain()
    const finder = vi.fn()
    await recover(finder)
    expect(finder).not.toHaveBeenCalled()
  })

  test('what a store has spoilt does not keep the others from being found', async () => {
    const { recover, states } = uncertain(text('1'), '<message><body>', text('3'))
    const asked = vi.fn<SentFinder>(async (sent) => sent.map(() => 'handled' as const))
    await recover(asked)
    expect(asked.mock.calls[0]?.[0]).toHaveLength(2)
    expect(states()).toEqual(['acked', 'failed', 'acked'])
  })
})
