import { type FullJid, Jid, readElement, type XmlElement, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { Ack } from './elements.js'
import { Outbox } from './outbox.js'
import { SessionContinuity } from './session-continuity.js'
import { SessionJournal } from './session-journal.js'
import { memoryStore, type StateStore } from './state-store.js'

const jid = Jid.parse('alice@example.org/r') as FullJid
const enabled = { id: 'sm-1', resume: true, max: 300 }
const { signal } = new AbortController()

function continuity() {
  const outbox = new Outbox(() => session.changed())
  const told: number[] = []
  const send = (element: XmlElement): void => {
    const ack = readElement(Ack, element)
    if (ack.ok) told.push(ack.value.h)
  }
  const session = new SessionContinuity(outbox, { jid: () => jid, send })
  const receive = (id: string): void => session.deliver(xml('jabber:client', 'message', { id }), () => undefined)
  return { session, outbox, told, receive }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('SessionContinuity', () => {
  test('a session that has not begun is neither resumed nor kept', async () => {
    const store = memoryStore()
    const { session } = continuity()
    await session.use(new SessionJournal(store, () => {}), signal)
    session.start(enabled, () => {})
    await session.stored()
    expect(session.resumption()).toBeUndefined()
    expect((await store.get('session'))?.value).not.toHaveProperty('id')
    session.begin()
    await session.stored()
    expect(session.resumption()).toMatchObject({ previd: 'sm-1', jid })
    expect((await store.get('session'))?.value).toMatchObject({ id: 'sm-1', jid: String(jid) })
  })

  test('R-029 another process knows what the server offered, unless the store has spoilt it', async () => {
    const store = memoryStore()
    const features = xml('http://etherx.jabber.org/streams', 'features', {}, xml('urn:example', 'state'))
    const { session } = continuity()
    await session.use(new SessionJournal(store, () => {}), signal)
    session.start(enabled, () => {}, features)
    session.begin()
    await session.stored()
    const restored = async (value?: unknown) => {
      if (value !== undefined) await store.batch([{ key: 'session:features', record: { version: 1, value } }])
      const next = continuity().session
      await next.use(new SessionJournal(store, () => {}), signal)
      expect(next.isResumable).toBe(true)
      return next.storedFeatures
    }
    expect(String(await restored())).toBe(String(features))
    for (const spoilt of ['', '<features', '<features/>', `<a xmlns='${features.ns}'/>`, 7, {}])
      expect(await restored(spoilt)).toBeUndefined()
    session.start(enabled, () => {})
    session.begin()
    await session.stored()
    expect(await store.get('session:features')).toBeUndefined()
  })

  test('a session that the server does not resume is none', () => {
    const { session } = continuity()
    session.start({ id: 'sm-1' }, () => {})
    session.begin()
    expect(session.resumption()).toBeUndefined()
  })

  test('R-023 the server is never told less than when it resumed the session, however slow the store is', async () => {
    const { session, receive, told } = continuity()
    const slow: StateStore = { get: async () => undefined, batch: () => new Promise(() => {}) }
    await session.use(new SessionJournal(slow, () => {}), signal)
    session.start(enabled, () => {})
    session.begin()
    for (const id of ['1', '2', '3']) receive(id)
    session.management?.tell()
    session.suspend()
    expect(session.resumption()?.handled()).toBe(3)
    session.resume(0, () => {})
    session.management?.tell()
    expect(told).toEqual([0, 3])
  })

  test('R-029 another process goes on with the counters; when nothing is left, it finds nothing', async () => {
    const store = memoryStore()
    const { session, receive } = continuity()
    await session.use(new SessionJournal(store, () => {}), signal)
    session.start(enabled, () => {})
    session.begin()
    receive('1')
    await turn()
    const next = continuity().session
    await next.use(new SessionJournal(store, () => {}), signal)
    expect([next.resumption()?.previd, next.resumption()?.handled()]).toEqual(['sm-1', 1])
    session.end(new Error('over'))
    session.forget()
    await session.left()
    const last = continuity().session
    await last.use(new SessionJournal(store, () => {}), signal)
    expect(last.resumption()).toBeUndefined()
  })

  test('R-025 what is asked for wraps as well', () => {
    const { session } = continuity()
    session.start(enabled, () => {})
    session.begin()
    const ledger = session.ledger as NonNullable<typeof session.ledger>
    Object.defineProperty(ledger, 'resuming', { value: () => 2 ** 32 + 5 })
    expect(session.resumption()?.handled()).toBe(5)
  })
})
