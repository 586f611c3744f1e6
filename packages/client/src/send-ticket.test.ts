import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { type AckSource, SendTicket } from './send-ticket.js'

const acks = () => ({ confirm: vi.fn<AckSource['confirm']>() })

describe('SendTicket', () => {
  test('goes from queued over written to acked, and forgets its text', async () => {
    const ticket = new SendTicket('a', '<message/>')
    expect([ticket.state, ticket.text]).toEqual(['queued', '<message/>'])
    ticket.written(acks())
    expect(ticket.state).toBe('written')
    ticket.succeed()
    expect([ticket.state, ticket.text]).toEqual(['acked', ''])
    await expect(ticket.acked).resolves.toBeUndefined()
  })

  test('whoever prints it does not print what was said', () => {
    const ticket = new SendTicket('a', '<message><body>canary</body></message>')
    for (const print of [inspect(ticket, { depth: 9, showHidden: true }), JSON.stringify(ticket)]) {
      expect(print).toContain('"a"'.replaceAll('"', print.startsWith('{') ? '"' : "'"))
      expect(print).not.toContain('canary')
    }
  })

  test.each([
    ['plain', 5],
    ['é漢😀', 9],
  ])('%s has %d bytes, also when its text is forgotten', (text, bytes) => {
    const ticket = new SendTicket('a', text)
    expect(ticket.bytes).toBe(bytes)
    ticket.succeed()
    expect(ticket.bytes).toBe(bytes)
  })

  test('nobody is asked for an acknowledgement that nobody waits for', () => {
    const source = acks()
    const ticket = new SendTicket('a', '')
    ticket.written(source)
    expect(source.confirm).not.toHaveBeenCalled()
    void ticket.acked
    void ticket.acked
    expect(source.confirm.mock.calls).toEqual([[ticket]])
  })

  test('asks when it is written, if somebody waited before', () => {
    const source = acks()
    const ticket = new SendTicket('a', '')
    void ticket.acked
    ticket.written(source)
    expect(source.confirm.mock.calls).toEqual([[ticket]])
  })

  test.each([
    ['before', true],
    ['after', false],
  ])('the first outcome is the only one, waited for %s it', async (_, early) => {
    const failed = new SendTicket('a', '')
    const acked = new SendTicket('b', '')
    const promises = early ? [failed.acked, acked.acked] : []
    failed.fail(new Error('first'))
    failed.fail(new Error('second'))
    failed.succeed()
    acked.succeed()
    acked.fail(new Error('late'))
    expect([failed.state, acked.state]).toEqual(['failed', 'acked'])
    await expect(promises[0] ?? failed.acked).rejects.toThrow('first')
    await expect(promises[1] ?? acked.acked).resolves.toBeUndefined()
    expect(failed.acked).toBe(failed.acked)
  })

  test('what is settled is not written any more', () => {
    const source = acks()
    const ticket = new SendTicket('a', 'text')
    ticket.fail(new Error('closed'))
    void ticket.acked
    ticket.written(source)
    expect(ticket.state).toBe('failed')
    expect(source.confirm).not.toHaveBeenCalled()
  })

  test('R-041 somebody begins to wait: for a place, or for the outcome, until it is known', async () => {
    const begun = vi.fn()
    const ticket = new SendTicket('a', '')
    ticket.onAwaited = begun
    expect(ticket.isAwaited).toBe(false)
    void ticket.accepted
    expect([begun.mock.calls.length, ticket.isAwaited]).toEqual([1, true])
    ticket.accept()
    expect(ticket.isAwaited).toBe(false)
    void ticket.acked
    void ticket.acked
    expect([begun.mock.calls.length, ticket.isAwaited]).toEqual([2, true])
    ticket.succeed()
    expect(ticket.isAwaited).toBe(false)
    await ticket.accepted
  })

  test('a rejection that nobody listens to is not unhandled', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const early = new SendTicket('a', '')
    void early.acked
    early.fail(new Error('no'))
    const late = new SendTicket('b', '')
    late.fail(new Error('no'))
    void late.acked
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})
