import { type FullJid, iq, iqGet, Jid, marker, message, presence } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConnectionError } from './connection-error.js'
import { WholeSession as SessionCore } from './whole-session.js'

const own = Jid.parse('u@example.org/r') as FullJid
const lost = new ConnectionError('session', 'closed', 'lost')
const Question = marker('urn:example', 'question')
const ask = iqGet(Question)

function online(options: { requestTimeout?: number } = {}) {
  const written: string[] = []
  const core = new SessionCore({ account: own.bare, ...options })
  const attachOnly = (): void =>
    core.attach(
      { write: (text) => void written.push(text), sendElement: (element) => void written.push(String(element)) },
      own,
    )
  const attach = (): void => {
    attachOnly()
    core.outbox.open()
  }
  return { core, written, attach, attachOnly }
}

const bodies = (written: readonly string[]): (string | undefined)[] =>
  written.map((text) => /<body>(.*?)<\/body>/.exec(text)?.[1] ?? text)
const idOf = (text: string | undefined): string => /id='([^']+)'/.exec(text ?? '')?.[1] ?? ''
const say = (body: string) => message({ to: 'bob@example.org', body })

describe('SessionCore: sends', () => {
  test('what is sent before the session waits for the flush, and order is kept', () => {
    const { core, written, attachOnly } = online()
    const first = core.send(say('1'))
    attachOnly()
    const second = core.send(say('2'))
    expect([written.length, first.state, second.state]).toEqual([0, 'queued', 'queued'])
    core.outbox.open()
    core.send(say('3'))
    expect(bodies(written)).toEqual(['1', '2', '3'])
    expect([first.state, second.state]).toEqual(['written', 'written'])
  })

  test('a stanza gets an id unless it has one', () => {
    const { core, written, attach } = online()
    attach()
    const assigned = core.send(say('1'))
    expect(assigned.id).toMatch(/^[\w-]{22}$/)
    expect(core.send(message({ id: 'mine', body: '2' })).id).toBe('mine')
    expect(core.send(presence()).id).toMatch(/^[\w-]{22}$/)
    expect(written.map(idOf).slice(0, 2)).toEqual([assigned.id, 'mine'])
  })

  test('what XML cannot carry is refused at once', () => {
    const { core, written, attach } = online()
    attach()
    expect(() => core.send(say('\0'))).toThrow(expect.objectContaining({ name: 'IllegalCharacterError' }))
    expect(written).toEqual([])
  })

  test('any answer of the server acknowledges, an error too; no answer does not', async () => {
    const { core, written, attach } = online()
    attach()
    const { acked } = core.send(say('1'))
    const id = idOf(written[1])
    expect(written[1]).toContain("to='example.org'")
    const reply = (from: string): void => core.deliver(iq({ type: 'error', id, from }).element)
    reply('mallory@evil.net')
    expect(core.send(say('2')).state).toBe('written')
    reply('example.org')
    await expect(acked).resolves.toBeUndefined()
  })

  test('the end of a connection fails what is on its way and keeps what waits', async () => {
    const { core, written, attach } = online()
    attach()
    const sent = core.send(say('1'))
    const { acked } = sent
    core.detach(lost)
    await expect(acked).rejects.toBe(lost)
    expect(sent.state).toBe('failed')
    const waiting = core.send(say('2'))
    written.length = 0
    attach()
    core.outbox.open()
    expect([bodies(written), waiting.state]).toEqual([['2'], 'written'])
  })

  test('after the last connection everything fails, now and later', async () => {
    const { core, attach } = online()
    const queued = core.send(say('1'))
    core.close(lost)
    await expect(queued.acked).rejects.toBe(lost)
    await expect(core.send(say('2')).acked).rejects.toBe(lost)
    await expect(core.request(ask, true)).rejects.toBe(lost)
    core.reopen()
    expect(core.send(say('3')).state).toBe('queued')
    attach()
    core.outbox.open()
    expect(core.jid).toBe(own)
  })
})

describe('SessionCore: requests', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('a request does not wait behind messages, and not for a connection', async () => {
    const { core, written, attachOnly } = online()
    await expect(core.request(ask, true)).rejects.toMatchObject({ name: 'ConnectionError', code: 'closed' })
    core.send(say('1'))
    attachOnly()
    core.request(ask, true).catch(() => {})
    expect(written).toHaveLength(1)
    expect(written[0]).toContain('<question')
  })

  test('ids are different and cannot be guessed', () => {
    const { core, written, attach } = online()
    attach()
    for (let i = 0; i < 100; i++) core.request(ask, true).catch(() => {})
    const ids = written.map(idOf)
    expect(new Set(ids).size).toBe(100)
    expect(ids.every((id) => /^[\w-]{22}$/.test(id))).toBe(true)
  })

  test('ends after the time that was set', async () => {
    const { core, attach } = online({ requestTimeout: 5 })
    attach()
    const promise = core.request(ask, true)
    vi.advanceTimersByTime(5)
    await expect(promise).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('an aborted request is not sent; a bad address is the caller’s mistake', async () => {
    const { core, written, attach } = online()
    attach()
    await expect(core.request(ask, true, { signal: AbortSignal.abort('no') })).rejects.toBe('no')
    await expect(core.request(ask, true, { to: '@' })).rejects.toMatchObject({ name: 'InvalidJidError' })
    expect(written).toEqual([])
  })

  test('the end of the connection rejects it with the reason', async () => {
    const { core, attach } = online()
    attach()
    const promise = core.request(ask, true)
    core.detach(lost)
    await expect(promise).rejects.toBe(lost)
    expect(vi.getTimerCount()).toBe(0)
  })
})
