import { message } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import {
  account,
  away,
  beginAndCatchUp,
  FakeArchive,
  flushed,
  friend,
  restarted,
  timeOf,
  withArchive,
} from '../test/fake-archive.js'

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
    expect(await api.gaps()).toEqual([gap])
    const later = withArchive(fakeSession({ store }), archive, options)
    expect(await beginAndCatchUp(later.session, later.api)).toMatchObject({ count: 0 }) // not what is in the gap
    const first = await later.api.fill(JSON.parse(JSON.stringify(gap)))
    expect(first).toMatchObject({ count: 5, gap: { after: 'a11', until: 'a14' } })
    expect(await later.api.gaps()).toEqual([first.gap])
    expect(await later.api.fill(first.gap!)).toMatchObject({ count: 3, gap: undefined })
    expect(await later.api.gaps()).toEqual([])
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
    archive.fill(5) // which are not in it
    archive.entries.splice(20, 1) // a21
    archive.entries.splice(5, 4) // up to a9
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
