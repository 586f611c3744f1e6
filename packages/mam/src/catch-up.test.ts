import { SentCarbon } from '@couplet/carbons'
import { memoryStore, type StateStore } from '@couplet/client'
import { Jid, message, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { account, beginAndCatchUp, FakeArchive, friend, installed, timeOf, withArchive } from '../test/fake-archive.js'
import { NS_MAM, NS_MAM_GROUPCHAT, queryArchive } from './elements.js'
import type { MamOptions } from './mam.js'

/** A client that has been there before: everything in the archive is known. Then it is lost. */
async function away(known: number, options?: MamOptions, store: StateStore = memoryStore()) {
  const session = fakeSession({ store })
  const set = withArchive(session, new FakeArchive().fill(known), options)
  await beginAndCatchUp(session, set.api)
  session.lose()
  set.archive.queries.length = 0
  return { ...set, store }
}

/** The same account in another process. */
async function restarted(archive: FakeArchive, store: StateStore) {
  archive.queries.length = 0
  const set = withArchive(fakeSession({ store, jid: `${account}/other` }), archive)
  return { ...set, result: await beginAndCatchUp(set.session, set.api) }
}

/** Resolves when nothing can go on without something new. */
const flushed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the first time', () => {
  test('nothing is missed, and nothing is fetched but the head', async () => {
    const { session, api, seen, archive } = withArchive(fakeSession(), new FakeArchive().fill(1000))
    expect(await beginAndCatchUp(session, api)).toEqual({ archive: account, count: 0, gap: undefined })
    expect([seen, archive.asked]).toEqual([[], ['<', '>a1000', '>a1000']])
  })

  test('an empty archive: the first message ever is missed by who was away', async () => {
    const { session, api, seen, archive } = await away(0)
    archive.add()
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['1'])
  })

  test.each([
    ['beginning', ['1', '2', '3', '4'], '>'],
    [timeOf(3), ['3', '4'], '>@3'],
  ] as const)('since %s', async (since, expected, asked) => {
    const set = withArchive(fakeSession(), new FakeArchive().fill(4), { catchUp: { since } })
    await beginAndCatchUp(set.session, set.api)
    expect([set.seen, set.archive.asked[1]]).toEqual([expected, asked])
    set.session.lose()
    set.archive.add()
    await beginAndCatchUp(set.session, set.api)
    expect(set.seen).toEqual([...expected, '5'])
  })

  test('without the option nothing is asked for', async () => {
    const { session, api, archive } = withArchive(fakeSession(), new FakeArchive().fill(3), {})
    await session.begin()
    expect(archive.queries).toEqual([])
    await expect(api.catchUp()).rejects.toThrow(TypeError)
  })
})

describe('what was missed', () => {
  test('comes once, in order, with its place in the archive', async () => {
    const { session, api, archive } = await away(3)
    archive.fill(2)
    const handler = vi.fn()
    api.onMissed(handler)
    expect(await beginAndCatchUp(session, api)).toMatchObject({ count: 2, gap: undefined })
    const [missed, place] = handler.mock.calls[0] ?? []
    expect([missed.body, missed.provenance, handler.mock.calls.length]).toEqual(['4', 'archive', 2])
    expect(place).toMatchObject({ id: 'a4', stamp: timeOf(4), stable: true })
    expect(String(place.archive)).toBe(account)
    session.lose()
    await beginAndCatchUp(session, api)
    expect(handler).toHaveBeenCalledTimes(2)
  })

  test('R-033 1,237 messages are 25 pages of 50', async () => {
    const { session, api, seen, archive } = await away(1)
    archive.fill(1237)
    expect(await beginAndCatchUp(session, api)).toMatchObject({ count: 1237, gap: undefined })
    expect(seen).toEqual(Array.from({ length: 1237 }, (_, i) => String(i + 2)))
    expect(archive.asked).toHaveLength(1 + 25)
  })

  test('R-032 a later process goes on where this one was', async () => {
    const { archive, store } = await away(3)
    archive.fill(2)
    const { seen } = await restarted(archive, store)
    expect(seen).toEqual(['4', '5'])
    expect(archive.asked).toEqual(['<', '>a3', '>a5'])
    expect((await restarted(archive, store)).seen).toEqual([])
  })

  test('R-031 head and first page are asked for before the presence, the rest after it', async () => {
    const { session, api, archive } = await away(1, { catchUp: { pageSize: 2 } })
    archive.fill(3)
    const before: string[][] = []
    session.announce((presences) => {
      before.push(archive.asked)
      return presences
    })
    await beginAndCatchUp(session, api)
    expect(before).toEqual([['<', '>a1']])
    expect(archive.asked).toEqual(['<', '>a1', '>a3'])
  })

  test('R-036 what comes with the presence is not delivered again: it is fetched before and delivered after', async () => {
    const { session, api, seen, archive } = await away(1)
    const offline = archive.add()
    archive.add({ from: `${account}/phone`, to: friend })
    session.announce((presences) => {
      session.receive(offline) // what the server holds for us
      return presences
    })
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['2*', '3'])
  })

  test('what comes between the first page and the presence is not lost', async () => {
    const { session, api, seen, archive } = await away(1)
    session.announce((presences) => {
      archive.add() // and nobody was there to get it
      return presences
    })
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['2'])
  })

  test('what this client has sent is not missed, what another one has sent is', async () => {
    const { session, api, seen, archive } = await away(1)
    archive.add({ from: `${account}/here`, to: friend, body: 'mine' })
    archive.add({ from: `${account}/phone`, to: friend, body: 'from the phone' })
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['from the phone'])
  })

  test('R-037 a delayed message is delivered, however old', async () => {
    const { session, api, seen } = await away(1)
    await beginAndCatchUp(session, api)
    session.receive(
      `<message from='${friend}' type='chat'><body>late</body><delay xmlns='urn:xmpp:delay' stamp='2001-01-01T00:00:00Z'/></message>`,
    )
    expect(seen).toEqual(['late*'])
  })

  test('rooms in the own archive are left out where there is a choice', async () => {
    const session = fakeSession()
    const archive = new FakeArchive().fill(1)
    session.answer(queryArchive, (query) => archive.answer(session, query))
    const { api } = installed(session, { catchUp: true }, [NS_MAM, NS_MAM_GROUPCHAT])
    await beginAndCatchUp(session, api)
    expect(archive.queries.map(({ filter }) => filter?.includeGroupchat)).toEqual([undefined, false, false, false])
  })
})

describe('live messages', () => {
  test('R-032 move the cursor when nothing is missing', async () => {
    const { session, api, archive, store } = await away(1)
    await beginAndCatchUp(session, api)
    session.receive(archive.add())
    session.receive(archive.add())
    await flushed()
    archive.add()
    const { seen } = await restarted(archive, store)
    expect([seen, archive.asked[1]]).toEqual([['4'], '>a3'])
  })

  test('R-032 do not move it past a gap while the catch-up goes on', async () => {
    const { session, seen, archive, store } = await away(1, { catchUp: { pageSize: 2 } })
    archive.fill(6)
    session.answer(queryArchive, (query) => {
      if (query.page?.after === 'a3') {
        session.receive(archive.add()) // a8, in the middle of it
        session.lose()
      }
      return archive.answer(session, query)
    })
    await session.begin()
    await flushed()
    expect(seen).toEqual(['8*'])
    const later = await restarted(archive, store)
    expect(later.seen).toEqual(['2', '3', '4', '5', '6', '7'])
  })

  test('R-036 are not delivered again, and neither are copies', async () => {
    const { session, api, seen, archive } = await away(1)
    archive.fill(2)
    session.answer(queryArchive, (query) => {
      if (query.page?.after !== 'a3') return archive.answer(session, query)
      session.receive(archive.add())
      const sent = archive.add({ from: `${account}/phone`, to: friend })
      session.receive(message({ from: account }, SentCarbon({ forwarded: { message: sent } })))
      return archive.answer(session, query)
    })
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['4*', '2', '3'])
  })

  test('S-130 whose ids anybody could have written do not count, nor hide what was missed', async () => {
    const session = fakeSession()
    const archive = new FakeArchive().fill(1)
    session.answer(queryArchive, (query) => archive.answer(session, query))
    const { api, seen } = installed(session, { catchUp: true }, [NS_MAM])
    await beginAndCatchUp(session, api)
    session.receive(message({ from: 'mallory@evil.net/x', to: account, body: 'evil' }, archive.idOf(2)))
    archive.add()
    session.lose()
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['evil*', '2'])
  })

  test('R-036 without ids are known by sender, their id and text', async () => {
    const session = fakeSession()
    const archive = new FakeArchive().fill(1)
    session.answer(queryArchive, (query) => archive.answer(session, query))
    const { api, seen } = installed(session, { catchUp: true }, [NS_MAM])
    await beginAndCatchUp(session, api)
    session.receive(archive.add())
    archive.add({ id: 'm2', body: 'another, from one who counts from the beginning' })
    session.lose()
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['2*', 'another, from one who counts from the beginning'])
  })
})

describe('an archive that has forgotten where we were (R-034)', () => {
  test.each(['error', 'nothing', 'everything'] as const)('and says so with %s', async (unknownId) => {
    const { session, api, seen, archive } = await away(3000)
    archive.unknownId = unknownId
    // Everything gets other ids: only times are left.
    const kept = archive.entries.splice(0)
    archive.entries.push(...kept.map((entry, i) => ({ ...entry, id: `b${i}` })))
    archive.entries.push({ id: 'c', stamp: timeOf(3001), message: message({ from: friend, to: account, body: 'new' }) })
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['2995', '2996', '2997', '2998', '2999', '3000', 'new'])
    expect(archive.asked.slice(1, 3)).toEqual(['>a3000', '>@2995'])
    session.lose()
    archive.queries.length = 0
    await beginAndCatchUp(session, api)
    expect([seen.length, archive.asked[1]]).toEqual([7, '>c'])
  })

  test('what was delivered in the last five minutes is known by its own id', async () => {
    const { session, api, seen, archive, store } = await away(1)
    archive.fill(3)
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['2', '3', '4'])
    const kept = archive.entries.splice(0)
    archive.entries.push(...kept.map((entry, i) => ({ ...entry, id: `b${i}` })))
    session.lose()
    archive.entries.push({ id: 'c', stamp: timeOf(5), message: message({ from: friend, to: account, body: 'new' }) })
    const later = await restarted(archive, store)
    expect(later.seen).toEqual(['1', 'new']) // the first one was never delivered by us
  })

  test('a clock of ours that is ahead costs no message', async () => {
    const { session, api, seen, archive, store } = await away(10)
    await beginAndCatchUp(session, api)
    session.receive(archive.add()) // by our clock much later than by that of the archive
    await flushed()
    archive.entries.splice(0, 11)
    archive.entries.push({ id: 'c', stamp: timeOf(12), message: message({ from: friend, to: account, body: 'new' }) })
    expect(seen).toEqual(['11*'])
    expect((await restarted(archive, store)).seen).toEqual(['new'])
  })

  test('the id is not used again, even if there is nothing to replace it', async () => {
    const { session, api, archive } = await away(3)
    archive.unknownId = 'error'
    archive.entries.splice(0)
    await beginAndCatchUp(session, api)
    session.lose()
    archive.queries.length = 0
    await beginAndCatchUp(session, api)
    expect(archive.asked[1]).toBe('>@-2')
  })
})

describe('more than the limit (R-033)', () => {
  const options = { catchUp: { limit: 5, pageSize: 2 } }

  test('leaves a gap that survives JSON and can be filled later, once', async () => {
    const { session, api, seen, archive, store } = await away(1, options)
    archive.fill(13)
    const { count, gap } = await beginAndCatchUp(session, api)
    expect([count, seen]).toEqual([5, ['2', '3', '4', '5', '6']])
    expect(gap).toEqual({
      archive: account,
      after: 'a6',
      until: 'a14',
      start: timeOf(6).toISOString(),
      end: timeOf(14).toISOString(),
    })
    session.receive(archive.add())
    await flushed()
    expect(JSON.parse(JSON.stringify(gap))).toEqual(gap)
    const later = withArchive(fakeSession({ store }), archive, options)
    expect(await beginAndCatchUp(later.session, later.api)).toMatchObject({ count: 0 }) // not what is in the gap
    const first = await later.api.fill(JSON.parse(JSON.stringify(gap)))
    expect(first).toMatchObject({ count: 5, gap: { after: 'a11', until: 'a14' } })
    expect(await later.api.fill(first.gap!)).toMatchObject({ count: 3, gap: undefined })
    expect(later.seen).toEqual(['7', '8', '9', '10', '11', '12', '13', '14'])
  })

  test('exactly the limit is no gap', async () => {
    const { session, api, archive } = await away(1, options)
    archive.fill(5)
    expect(await beginAndCatchUp(session, api)).toMatchObject({ count: 5, gap: undefined })
  })

  test('a gap of which the edges are gone', async () => {
    const { session, api, seen, archive } = await away(1, options)
    archive.fill(20)
    const { gap } = await beginAndCatchUp(session, api)
    seen.length = 0
    archive.entries.splice(5, 4) // up to a9
    archive.entries.splice(-1, 1)
    let rest = gap
    while (rest !== undefined) rest = (await api.fill(rest)).gap
    expect(seen).toEqual(['10', '11', '12', '13', '14', '15', '16', '17', '18', '19', '20'])
  })

  test.each([
    undefined,
    null,
    {},
    { archive: account, after: 'x' },
    { archive: account, after: 'x', until: 'y', end: 'z' },
  ])('%o is no gap', async (gap) => {
    const { api } = withArchive(fakeSession(), new FakeArchive())
    await expect(api.fill(gap as never)).rejects.toThrow(TypeError)
  })

  test.each([{ limit: 0 }, { pageSize: 1.5 }, { limit: -1 }])('%o is refused', (catchUp) => {
    expect(() => withArchive(fakeSession(), new FakeArchive(), { catchUp })).toThrow(RangeError)
  })
})

describe('what goes wrong', () => {
  test('R-033 a repeated last id is an error, not a loop', async () => {
    const { session, api, archive } = await away(1)
    archive.fill(1)
    session.answer(queryArchive, { page: { first: { id: 'a2' }, last: 'a2' } })
    await session.begin()
    await flushed()
    expect(session.errors).toMatchObject([{ code: 'repeated-item' }])
    await expect(api.catchUp()).rejects.toMatchObject({ code: 'repeated-item' })
  })

  test.each(['service-unavailable', 'feature-not-implemented'] as const)(
    'a server that says %s is left alone',
    async (condition) => {
      const session = fakeSession()
      session.answer(queryArchive, new StanzaError({ condition }))
      const { api } = installed(session)
      await session.begin()
      await flushed()
      expect(session.errors).toEqual([])
      await expect(api.catchUp()).rejects.toMatchObject({ condition })
    },
  )

  test('another refusal is reported, and the next session goes on from the same place', async () => {
    const { session, api, seen, archive } = await away(1)
    archive.fill(1)
    session.answer(queryArchive, new StanzaError({ condition: 'internal-server-error' }))
    await session.begin()
    await flushed()
    expect(session.errors).toMatchObject([{ condition: 'internal-server-error' }])
    session.receive(archive.add())
    session.lose()
    session.answer(queryArchive, (query) => archive.answer(session, query))
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['3*', '2'])
  })

  test('R-036 what was delivered before the connection was lost is not delivered again', async () => {
    const { session, api, seen, archive } = await away(1, { catchUp: { pageSize: 2 } })
    archive.fill(6)
    session.answer(queryArchive, (query) => {
      if (query.page?.after === 'a5') session.lose()
      return archive.answer(session, query)
    })
    await session.begin()
    await flushed()
    expect(session.errors).toEqual([])
    session.answer(queryArchive, (query) => archive.answer(session, query))
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['2', '3', '4', '5', '6', '7'])
  })

  test('a session that goes on has missed nothing; if its catch-up was not done, that goes on', async () => {
    const { session, api, seen, archive } = await away(1)
    await beginAndCatchUp(session, api)
    archive.queries.length = 0
    session.lose()
    await session.resume()
    await flushed()
    expect(archive.queries).toEqual([])

    archive.add()
    session.lose()
    session.answer(queryArchive, () => {
      session.lose()
      return new Promise(() => {})
    })
    await session.begin()
    await session.resume()
    session.answer(queryArchive, (query) => archive.answer(session, query))
    const done = new Promise((resolve) => api.onCaughtUp(resolve))
    session.lose()
    await session.resume()
    await done
    expect(seen).toEqual(['2'])
  })

  test('an archive that may change its mind is asked again', async () => {
    const { session, api, seen, archive } = await away(1)
    archive.fill(2)
    archive.stable = false
    await beginAndCatchUp(session, api)
    session.lose()
    archive.queries.length = 0
    archive.entries.splice(1, 0, { id: 'x', stamp: timeOf(2), message: message({ from: friend, body: 'x' }) })
    archive.stable = true
    await beginAndCatchUp(session, api)
    expect([seen, archive.asked[1]]).toEqual([['2', '3', 'x'], '>a1'])
  })

  test('the client is closed meanwhile: nothing hangs, nothing is reported', async () => {
    const { session, api, archive } = await away(1)
    archive.add()
    session.answer(queryArchive, () => new Promise(() => {}))
    void session.begin()
    const waiting = api.catchUp()
    session.end()
    await expect(waiting).rejects.toBeInstanceOf(Error)
    expect(session.errors).toEqual([])
  })

  test('a signal ends the wait of one caller, not the catch-up', async () => {
    const { session, api, seen, archive } = await away(1)
    archive.add()
    const controller = new AbortController()
    const done = beginAndCatchUp(session, api)
    const waiting = api.catchUp({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await done
    expect(seen).toEqual(['2'])
  })

  test.each([
    { version: 2, value: {} },
    { version: 1, value: null },
    { version: 1, value: { id: 1 } },
  ])('a record %j is like none', async (record) => {
    const store = memoryStore()
    await store.batch([{ key: `${account}/mam/cursor`, record }])
    const { session, api, seen } = withArchive(fakeSession({ store }), new FakeArchive().fill(3))
    await beginAndCatchUp(session, api)
    expect(seen).toEqual([])
  })

  test('a store that fails is reported, and costs no message', async () => {
    const { session, api, seen, archive, store } = await away(1)
    archive.add()
    store.batch = () => Promise.reject(new Error('disk full'))
    await beginAndCatchUp(session, api)
    expect(seen).toEqual(['2'])
    await flushed()
    expect(session.errors[0]).toMatchObject({ message: 'disk full' })
  })
})

describe('rooms (R-035)', () => {
  const room = 'cave@rooms.example.org'

  /** A room whose archive holds three messages, and a client that knows them. */
  async function entered() {
    const session = fakeSession()
    const archive = new FakeArchive(room).fill(3)
    session.answer(queryArchive, (query) => archive.answer(session, query))
    const set = installed(session, {})
    expect(await set.api.catchUp({ archive: room })).toEqual({ archive: room, count: 0, gap: undefined })
    return { ...set, archive }
  }

  test('have a cursor of their own, moved by the ids that the room gives', async () => {
    const { session, api, seen, archive } = await entered()
    expect(String(session.requests.at(-1)?.to)).toBe(room)
    session.receive(archive.add())
    // The id of the account's archive, and one in a private message, are not the room's.
    session.receive(message({ from: `${room}/Puck`, type: 'groupchat', body: 'x' }, new FakeArchive().idOf(99)))
    session.receive(message({ from: `${room}/Puck`, to: account, type: 'chat', body: 'y' }, archive.idOf(98)))
    session.lose()
    archive.fill(2)
    await session.begin()
    archive.queries.length = 0
    expect(await api.catchUp({ archive: Jid.parse(room) })).toMatchObject({ count: 2 })
    expect([seen, archive.asked]).toEqual([
      ['4*', 'x*', 'y*', '5', '6'],
      ['<', '>a4'],
    ])
  })

  test('what comes live in a new session does not hide what was missed before it', async () => {
    const { session, api, seen, archive } = await entered()
    session.lose()
    archive.fill(2)
    await session.begin()
    session.receive(archive.add())
    await api.catchUp({ archive: room })
    expect(seen).toEqual(['6*', '4', '5'])
  })
})
