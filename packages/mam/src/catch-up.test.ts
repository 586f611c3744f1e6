import { SentCarbon } from '@couplet/carbons'
import { memoryStore } from '@couplet/client'
import { message } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
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
import { NS_MAM, NS_MAM_GROUPCHAT, queryArchive } from './elements.js'

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
    expect(seen).toEqual([]) // it waits for those before it
    const later = await restarted(archive, store)
    expect(later.seen).toEqual(['2', '3', '4', '5', '6', '7', '8'])
  })

  test('R-032 what the application is not done with is not known to the next process', async () => {
    const { session, api, archive, store } = await away(1)
    archive.fill(2)
    const [missed, live]: (() => void)[][] = [[], []]
    api.onMissed(() => new Promise<void>((done) => missed?.push(done)))
    session.onMessage(() => new Promise<void>((done) => live?.push(done)))
    await beginAndCatchUp(session, api)
    for (let i = 0; i < 3; i++) session.receive(archive.add())
    await flushed()
    // Of one conversation: the second waits for the first.
    expect([missed?.length, live?.length]).toEqual([2, 1])
    const again = async () => {
      const copy = memoryStore()
      const record = await store.get(`${account}/mam/cursor`)
      await copy.batch([{ key: `${account}/mam/cursor`, record }])
      return (await restarted(archive, copy)).seen
    }
    expect(await again()).toEqual(['2', '3', '4', '5', '6'])
    missed?.[1]?.()
    await flushed()
    expect(await again()).toEqual(['2', '3', '4', '5', '6'])
    missed?.[0]?.()
    await flushed()
    expect(await again()).toEqual(['4', '5', '6'])
    live?.[0]?.()
    await flushed()
    expect(await again()).toEqual(['5', '6'])
  })

  test('R-036 live ones wait for those before them, and come in their turn if the archive has them', async () => {
    const { session, api, seen, archive } = await away(1, { catchUp: { pageSize: 2 } })
    archive.fill(2)
    session.answer(queryArchive, (query) => {
      if (query.page?.after === 'a3') {
        session.receive(archive.add())
        session.receive(message({ from: friend, type: 'chat', body: 'not kept' }))
        archive.add({ from: `${account}/phone`, to: friend, body: 'from the phone' })
      }
      return archive.answer(session, query)
    })
    await beginAndCatchUp(session, api)
    await flushed()
    expect(seen).toEqual(['2', '3', '4*', 'from the phone', 'not kept*'])
    session.receive(archive.add())
    expect(seen.at(-1)).toBe('6*')
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
    expect(seen).toEqual(['2', '3', '4*'])
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
