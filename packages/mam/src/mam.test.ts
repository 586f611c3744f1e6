import { Jid, message, StanzaError } from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { archive, ids, install, numbers, result, room, stamp } from '../test/scripted-archive.js'
import { getArchiveMetadata, MamResult, NS_MAM, NS_MAM_EXTENDED, queryArchive } from './elements.js'
import { mam } from './mam.js'

describe('query', () => {
  test('yields id, stamp and message', async () => {
    const session = fakeSession()
    archive(session, 1)
    const { value } = await install(session).query().next()
    expect(value).toMatchObject({ id: '1', stamp, stable: true })
    expect([value?.message.body, value?.message.provenance]).toEqual(['1', 'archive'])
    value?.message.reply('late')
    expect(String(session.sent[0]?.to)).toBe('friend@example.org/x')
    expect(String(value?.message.from)).toBe('friend@example.org/x')
  })

  test('R-033 1,237 messages are 25 pages of 50, in order', async () => {
    const session = fakeSession()
    const queries = archive(session, 1237)
    expect(await ids(install(session).query())).toEqual(numbers(1, 1237))
    expect(queries).toHaveLength(25)
    expect(queries[24]?.page).toEqual({ after: '1200', max: 50 })
    expect(new Set(queries.map(({ queryId }) => queryId)).size).toBe(25)
  })

  test('R-033 a repeated last id is an error, not a loop', async () => {
    const session = fakeSession()
    session.answer(queryArchive, { page: { first: { id: '1' }, last: '1' } })
    await expect(ids(install(session).query())).rejects.toMatchObject({ code: 'repeated-item' })
    expect(session.requests).toHaveLength(2)
  })

  test('the filter is in every request', async () => {
    const session = fakeSession()
    const queries = archive(session, 20)
    const start = new Date(0)
    const friend = Jid.parse('friend@example.org')
    await ids(install(session).query({ with: 'friend@example.org', start, end: stamp, pageSize: 10 }))
    expect(queries.map(({ filter }) => filter)).toEqual([
      { with: friend, start, end: stamp },
      { with: friend, start, end: stamp },
    ])
    expect(session.requests[0]?.to).toBeUndefined()
  })

  test('after goes on where an earlier query ended', async () => {
    const session = fakeSession()
    archive(session, 9)
    expect(await ids(install(session).query({ after: '6' }))).toEqual([7, 8, 9])
  })

  test('last gets the newest across pages, in chronological order', async () => {
    const session = fakeSession()
    const queries = archive(session, 1000)
    expect(await ids(install(session).query({ last: 120 }))).toEqual(numbers(881, 1000))
    expect(queries.map(({ page }) => page)).toEqual([
      { before: '', max: 50 },
      { before: '951', max: 50 },
      { before: '901', max: 20 },
    ])
  })

  test('newestFirst goes back in time, page by page as it is asked for', async () => {
    const session = fakeSession()
    const queries = archive(session, 1000)
    const api = install(session)
    const some: number[] = []
    for await (const { id } of api.query({ newestFirst: true, pageSize: 3 })) {
      some.push(Number(id))
      if (some.length === 4) break
    }
    expect(some).toEqual([1000, 999, 998, 997])
    expect(queries.map(({ page }) => page)).toEqual([
      { before: '', max: 3 },
      { before: '998', max: 3 },
    ])
    expect(await ids(api.query({ newestFirst: true, last: 5, before: '500', pageSize: 3 }))).toEqual([
      499, 498, 497, 496, 495,
    ])
    expect(queries.at(-1)?.page).toEqual({ before: '497', max: 2 })
    expect(await ids(api.query({ newestFirst: true }))).toEqual(numbers(1, 1000).reverse())
  })

  test('last of fewer is all of them, and before moves its end', async () => {
    const session = fakeSession()
    archive(session, 7)
    const api = install(session)
    expect(await ids(api.query({ last: 50 }))).toEqual(numbers(1, 7))
    expect(await ids(api.query({ last: 2, before: '5' }))).toEqual([3, 4])
  })

  test('a message that was deleted from the archive is passed over', async () => {
    const session = fakeSession()
    session.answer(queryArchive, ({ queryId = '' }) => {
      session.receive(message({ from: 'me@example.org' }, MamResult({ queryId, id: '1', forwarded: {} })))
      session.receive(result(queryId, 2))
      return { complete: true, page: { first: { id: '1' }, last: '2' } }
    })
    expect(await ids(install(session).query())).toEqual([2])
  })

  test('what may change is marked', async () => {
    const session = fakeSession()
    session.answer(queryArchive, ({ queryId }) => {
      session.receive(result(queryId, 1))
      return { complete: true, stable: false, page: { first: { id: '1' }, last: '1' } }
    })
    expect((await install(session).query().next()).value).toMatchObject({ stable: false })
  })

  test('what the archive refuses is thrown', async () => {
    const session = fakeSession()
    session.answer(queryArchive, new StanzaError({ condition: 'item-not-found' }))
    await expect(ids(install(session).query({ after: 'gone' }))).rejects.toMatchObject({ condition: 'item-not-found' })
  })

  test('nonsense is thrown at once', () => {
    const api = install(fakeSession())
    for (const options of [{ last: 0 }, { last: 1.5 }, { pageSize: -1 }]) {
      expect(() => api.query(options)).toThrow(RangeError)
    }
    expect(() => api.query({ with: '@' })).toThrow('Invalid JID')
  })
})

describe('options not every archive knows (XEP-0313 §7)', () => {
  test.each([
    [{ before: '5' }, { beforeId: '5' }],
    [{ last: 3, after: '5' }, { afterId: '5' }],
    [{ newestFirst: true, after: '5' }, { afterId: '5' }],
    [{ ids: ['5'] }, { ids: ['5'] }],
  ])('%o is sent to those that advertise it, and to no other', async (options, filter) => {
    const session = fakeSession()
    const queries = archive(session, 3)
    await expect(ids(install(session, [NS_MAM]).query(options))).rejects.toMatchObject({
      condition: 'feature-not-implemented',
    })
    expect(queries).toHaveLength(0)
    await ids(install(session, [NS_MAM, NS_MAM_EXTENDED]).query(options))
    expect(queries[0]?.filter).toEqual(filter)
  })

  test('groupchat has a feature of its own', async () => {
    const session = fakeSession()
    archive(session, 3)
    const refused = ids(install(session, [NS_MAM, NS_MAM_EXTENDED]).query({ groupchat: true }))
    await expect(refused).rejects.toMatchObject({ condition: 'feature-not-implemented' })
  })
})

describe('the end of a query', () => {
  /** Whether anything listens for results of the room: if not, they are rejected. */
  const isListening = (session: FakeSession): boolean => {
    const before = session.rejected.length
    session.receive(result('x', 1, { from: String(room) }))
    return session.rejected.length === before
  }

  test('break ends it: no more requests, nobody listens', async () => {
    const session = fakeSession()
    const queries = archive(session, 1000, { from: String(room), sender: `${room}/Puck` })
    for await (const { id } of install(session).query({ archive: room })) if (id === '60') break
    expect(queries).toHaveLength(2)
    expect(isListening(session)).toBe(false)
  })

  test('a signal ends it while a page is on its way', async () => {
    const session = fakeSession()
    const controller = new AbortController()
    const asked = new Promise<void>((resolve) => {
      session.answer(queryArchive, () => {
        resolve()
        return new Promise(() => {})
      })
    })
    const next = install(session).query({ archive: room, signal: controller.signal }).next()
    await asked
    expect(isListening(session)).toBe(true)
    controller.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    expect(isListening(session)).toBe(false)
  })

  test('a signal ends it between two messages of a page', async () => {
    const session = fakeSession()
    archive(session, 10)
    const controller = new AbortController()
    const messages = install(session).query({ signal: controller.signal })
    await messages.next()
    controller.abort(new Error('enough'))
    await expect(messages.next()).rejects.toThrow('enough')
    expect(await messages.next()).toEqual({ done: true, value: undefined })
  })

  test('a lost connection ends it', async () => {
    const session = fakeSession()
    const next = install(session).query({ archive: room }).next()
    session.lose()
    await expect(next).rejects.toMatchObject({ name: 'ConnectionError' })
  })
})

test('metadata tells where the archive begins and ends', async () => {
  const session = fakeSession()
  const metadata = { start: { id: 'a', timestamp: stamp }, end: { id: 'z', timestamp: stamp } }
  session.answer(getArchiveMetadata, metadata)
  expect(await install(session).metadata({ archive: room })).toEqual(metadata)
  expect(String(session.requests[0]?.to)).toBe(String(room))
})

test('supported asks the account, or the room', async () => {
  const session = fakeSession()
  const supports = vi.fn(async () => true)
  const api = session.install(mam(), { disco: { supports } })
  expect(await api.supported()).toBe(true)
  await api.supported({ archive: room })
  expect(supports.mock.calls.map(([jid, feature]: unknown[]) => [String(jid), feature])).toEqual([
    ['me@example.org', NS_MAM],
    [String(room), NS_MAM],
  ])
})
