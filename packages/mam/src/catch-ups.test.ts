import { memoryStore, type StateStore } from '@couplet/client'
import { message, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import {
  account,
  away,
  beginAndCatchUp,
  FakeArchive,
  flushed,
  friend,
  installed,
  restarted,
  timeOf,
  withArchive,
} from '../test/fake-archive.js'
import { queryArchive } from './elements.js'

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

  test('R-029 a process that goes on with the session of another one does not repeat its catch-up', async () => {
    const { archive, store } = await away(3)
    await flushed()
    archive.queries.length = 0
    const { session, seen } = withArchive(fakeSession({ store }), archive)
    session.lose()
    session.receive(archive.add()) // what the server sends again comes before anybody knows of the old session
    await session.resume()
    session.receive(archive.add())
    await flushed()
    expect([seen, archive.asked]).toEqual([['4*', '5*'], []])
    archive.add()
    const later = await restarted(archive, store) // and what came live has moved the cursor
    expect([later.seen, archive.asked[1]]).toEqual([['6'], '>a5'])
  })

  test('R-029 it does if that was not done: it begins again in each session', async () => {
    const { archive, store } = await away(3)
    archive.add()
    const first = withArchive(fakeSession({ store }), archive)
    first.session.answer(queryArchive, () => new Promise(() => {}))
    void first.session.begin()
    await flushed()
    const { session, api, seen } = withArchive(fakeSession({ store }), archive)
    session.lose()
    const done = new Promise((resolve) => api.onCaughtUp(resolve))
    await session.resume()
    session.receive(archive.add())
    await done
    expect(seen).toEqual(['4', '5*'])
    archive.queries.length = 0
    session.lose()
    await session.resume()
    await flushed()
    expect(archive.queries).toEqual([])
  })

  test('R-029 what another process has done is not done for a session that this one has begun', async () => {
    const { archive, store } = await away(1)
    await flushed()
    archive.add()
    const { session, api, seen } = withArchive(fakeSession({ store }), archive) // with the same full JID
    session.answer(queryArchive, () => {
      session.lose()
      return new Promise(() => {})
    })
    await session.begin()
    session.answer(queryArchive, (query) => archive.answer(session, query))
    const done = new Promise((resolve) => api.onCaughtUp(resolve))
    await session.resume()
    await done
    expect(seen).toEqual(['2'])
  })

  test('R-029 nor if that is learnt only when another session has begun', async () => {
    const { archive, store } = await away(1)
    await flushed()
    let read = (): void => {}
    const isRead = new Promise<void>((resolve) => (read = resolve))
    const slow: StateStore = { get: async (key) => isRead.then(() => store.get(key)), batch: (all) => store.batch(all) }
    const { session, seen } = withArchive(fakeSession({ store: slow }), archive)
    await session.resume(true)
    await flushed()
    session.lose()
    let asked = 0
    session.answer(queryArchive, () => new Promise(() => void asked++))
    void session.begin()
    await flushed()
    read()
    await flushed()
    const { value } = (await store.get(`${account}/mam/cursor`)) as { value: { caughtUp?: unknown } }
    session.receive(archive.add())
    expect([value.caughtUp, asked, seen]).toEqual([undefined, 1, []]) // it waits for what was missed
  })

  test('R-029 and for the session of somebody else, and when the store has been spoilt', async () => {
    for (const caughtUp of [{ jid: `${account}/other`, givesIds: true }, { jid: `${account}/here` }, 'yes']) {
      const { archive, store } = await away(1)
      await flushed()
      const key = `${account}/mam/cursor`
      const { version, value } = (await store.get(key)) as { version: number; value: object }
      await store.batch([{ key, record: { version, value: { ...value, caughtUp } } }])
      archive.add()
      const { session, api, seen } = withArchive(fakeSession({ store }), archive)
      session.lose()
      const done = new Promise((resolve) => api.onCaughtUp(resolve))
      await session.resume()
      await done
      expect(seen).toEqual(['2'])
    }
  })

  test('R-029 a new session is announced when the store knows that it is not caught up with', async () => {
    const { session, archive, store } = await away(1)
    const stored: unknown[] = []
    session.announce((presences) => {
      void store
        .get(`${account}/mam/cursor`)
        .then((record) => stored.push((record?.value as { caughtUp?: unknown } | undefined)?.caughtUp))
      return presences
    })
    const { batch } = store
    let release = (): void => {}
    store.batch = async (changes) => {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      await batch.call(store, changes)
    }
    const begun = session.begin()
    await flushed()
    expect([stored, archive.asked]).toEqual([[], ['<', '>a1']])
    store.batch = batch
    release()
    await begun
    expect(stored).toEqual([undefined])
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
