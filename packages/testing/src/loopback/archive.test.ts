import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { NS_HINTS } from '@couplet/hints'
import { mam } from '@couplet/mam'
import { Jid, message, xml } from '@couplet/stanza'
import { StanzaId } from '@couplet/stanza-id'
import { describe, expect, test } from 'vitest'
import { ArchiveStore } from './archive-store.js'
import { startLoopback } from './loopback-server.js'

describe('the archive of an account', () => {
  const users = { alice: 'pw', bob: 'pw' }

  test('keeps both directions, and delivered messages carry their ids', async () => {
    await using server = await startLoopback({ users })
    const options = { password: 'pw', transports: [server.transport()] }
    await using alice = createClient({ jid: 'alice@example.org', plugins: [disco(), mam()], ...options })
    await using bob = createClient({ jid: 'bob@example.org', plugins: [disco(), mam()], ...options })
    await Promise.all([alice.online(), bob.online()])
    const ids: (string | undefined)[] = []
    bob.onMessage((received) => void ids.push(received.get(StanzaId)?.id))
    const forged = StanzaId({ id: 'forged', by: Jid.parse('bob@example.org') })
    alice.send(message({ to: 'bob@example.org', type: 'chat', body: 'one' }, forged))
    alice.send(message({ to: 'bob@example.org', type: 'chat', body: 'hidden' }, xml(NS_HINTS, 'no-store')))
    alice.send(message({ to: 'bob@example.org', type: 'headline', body: 'news' }))
    await alice.send(message({ to: 'bob@example.org', type: 'chat' }, xml(NS_HINTS, 'store'))).acked
    await bob.send(message({ to: 'alice@example.org', type: 'chat', body: 'two' })).acked
    expect(await alice.mam.supported()).toBe(true)
    const seen: string[] = []
    for await (const { id, message: kept, stamp } of bob.mam.query()) {
      seen.push(`${kept.body} from ${kept.from?.local}`)
      expect(stamp).toBeInstanceOf(Date)
      if (kept.from?.local === 'alice') expect(ids).toContain(id)
    }
    expect(seen).toEqual(['one from alice', 'undefined from alice', 'two from bob'])
    expect(ids.filter((id) => id !== undefined)).toHaveLength(2)
    expect(ids).not.toContain('forged')
    const { start, end } = await alice.mam.metadata()
    expect(end?.timestamp.getTime()).toBeGreaterThanOrEqual(start?.timestamp.getTime() ?? Number.POSITIVE_INFINITY)
    const pages: (string | undefined)[] = []
    for await (const { message: kept } of alice.mam.query({ last: 2, pageSize: 1 })) pages.push(kept.body)
    expect(pages).toEqual([undefined, 'two'])
  })

  test('keeps what one sends oneself once', async () => {
    await using server = await startLoopback({ users })
    await using alice = createClient({
      jid: 'alice@example.org',
      password: 'pw',
      plugins: [disco(), mam()],
      transports: [server.transport()],
    })
    await alice.online()
    expect(await alice.mam.metadata()).toEqual({})
    await alice.send(message({ to: 'alice@example.org', type: 'chat', body: 'note' })).acked
    const bodies: (string | undefined)[] = []
    for await (const { message: kept } of alice.mam.query()) bodies.push(kept.body)
    expect(bodies).toEqual(['note'])
  })
})

test('an account decides what is archived (XEP-0441)', async () => {
  await using server = await startLoopback({ users: { alice: 'pw', bob: 'pw', carol: 'pw' } })
  const open = async (name: string) => {
    const options = { jid: `${name}@example.org`, password: 'pw', transports: [server.transport()] }
    const client = createClient({ ...options, plugins: [disco(), mam()] })
    await client.online()
    return client
  }
  await using alice = await open('alice')
  await using bob = await open('bob')
  await using carol = await open('carol')
  expect(await alice.mam.preferences()).toEqual({ default: 'always', always: [], never: [] })
  const applied = await alice.mam.setPreferences({ default: 'roster', never: ['bob@example.org'] })
  expect(applied).toMatchObject({ default: 'always', never: [bob.account] })
  await bob.send(message({ to: alice.account, type: 'chat', body: 'off the record' })).acked
  await alice.send(message({ to: bob.account, type: 'chat', body: 'so is this' })).acked
  await carol.send(message({ to: alice.account, type: 'chat', body: 'on the record' })).acked
  await alice.mam.setPreferences({ default: 'never', always: ['bob@example.org'] })
  await carol.send(message({ to: alice.account, type: 'chat', body: 'not any more' })).acked
  await bob.send(message({ to: alice.account, type: 'chat', body: 'again' })).acked
  const bodies: (string | undefined)[] = []
  for await (const { message: kept } of alice.mam.query()) bodies.push(kept.body)
  expect(bodies).toEqual(['on the record', 'again'])
})

describe('a page', () => {
  const store = new ArchiveStore()
  const peers = ['bob@x.example/1', 'carol@x.example/1', 'bob@x.example/2']
  const ids = Array.from({ length: 9 }, (_, i) =>
    store.add(Jid.parse(peers[i % 3] ?? ''), message({ body: String(i) })),
  )
  const id = (i: number): string => ids[i] ?? ''
  const page = (query: Parameters<ArchiveStore['query']>[0]): string => {
    const { entries, complete, page: set } = store.query(query)
    const bodies = entries.map(({ message: kept }) => kept.body).join('')
    return `${bodies} ${complete} ${set.first?.index} of ${set.count}`
  }

  test.each([
    ['everything', {}, '012345678 true 0 of 9'],
    ['the first', { page: { max: 4 } }, '0123 false 0 of 9'],
    ['the next', { page: { max: 4, after: id(3) } }, '4567 false 4 of 9'],
    ['the rest', { page: { max: 4, after: id(7) } }, '8 true 8 of 9'],
    ['nothing more', { page: { max: 4, after: id(8) } }, ' true undefined of 9'],
    ['the last', { page: { max: 4, before: '' } }, '5678 false 5 of 9'],
    ['the one before', { page: { max: 5, before: id(5) } }, '01234 true 0 of 9'],
    ['by position', { page: { max: 2, index: 3 } }, '34 false 3 of 9'],
    ['a range', { page: { after: id(2), before: id(6) } }, '345 true 3 of 9'],
    ['the count', { page: { max: 0 } }, ' false undefined of 9'],
    ['flipped', { page: { max: 3, before: '' }, flipPage: true }, '876 false 6 of 9'],
    ['of one account', { filter: { with: Jid.parse('bob@x.example') } }, '023568 true 0 of 6'],
    ['of one client', { filter: { with: Jid.parse('bob@x.example/2') } }, '258 true 0 of 3'],
    [
      'after an id that is filtered out',
      { filter: { with: Jid.parse('carol@x.example') }, page: { after: id(2) } },
      '47 true 1 of 3',
    ],
    ['between ids', { filter: { afterId: id(2), beforeId: id(6) } }, '345 true 0 of 3'],
    ['by ids', { filter: { ids: [id(5), id(1)] } }, '15 true 0 of 2'],
    ['of the future', { filter: { start: new Date(Date.now() + 60_000) } }, ' true undefined of 0'],
    ['of the past', { filter: { end: new Date(0) } }, ' true undefined of 0'],
  ])('%s', (_what, query, expected) => {
    expect(page(query)).toBe(expected)
  })

  test.each([
    [{ page: { after: 'x' } }],
    [{ page: { before: 'x' } }],
    [{ filter: { afterId: 'x' } }],
    [{ filter: { beforeId: 'x' } }],
    [{ filter: { ids: ['x'] } }],
  ])('%j is not found', (query) => {
    expect(() => store.query(query)).toThrow('item-not-found')
  })
})
