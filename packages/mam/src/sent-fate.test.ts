import type { SentFate, SentMessage } from '@couplet/client'
import { ProcessingHint } from '@couplet/hints'
import { Jid, type MessageInit, message, StanzaError, type XmlElement, xml } from '@couplet/stanza'
import { OriginId } from '@couplet/stanza-id'
import { fakeSession } from '@couplet/testing'
import { type EntityTime, queryTime } from '@couplet/time'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { account, FakeArchive, flushed, friend, timeOf, withArchive } from '../test/fake-archive.js'
import { type MamFin, type MamQuery, MucUser, queryArchive } from './elements.js'

const mine = `${account}/here`
const sent = (id: string, init: MessageInit = {}, ...payloads: XmlElement[]): SentMessage => ({
  message: message({ to: friend, type: 'chat', body: 'hi', ...init, id }, ...payloads),
  stamp: timeOf(1),
})

function setUp(time: EntityTime | StanzaError = new StanzaError({ condition: 'service-unavailable' })) {
  const session = fakeSession()
  session.answer(queryTime, time)
  return withArchive(session, new FakeArchive(), {})
}

describe('R-026 what became of messages of a lost session', () => {
  test('found by id and addressee: handled; not there: missing', async () => {
    const { session, archive } = setUp()
    archive.fill(3)
    archive.add({ from: mine, to: 'friend@example.org', id: 's1' }) // some servers take the resource away
    archive.add({ from: mine, to: 'other@example.org', id: 's2' })
    archive.add({ from: friend, id: 's3' })
    const fates = await session.findSentWith([sent('s1'), sent('s2'), sent('s3'), sent('s4')])
    expect(fates).toEqual(['handled', 'missing', 'missing', 'missing'])
    expect(archive.queries).toMatchObject([{ filter: { start: timeOf(1 - 24 * 60) }, page: { before: '', max: 100 } }])
    expect(String(archive.queries[0]?.filter?.with)).toBe('friend@example.org')
    await session.findSentWith([sent('s5'), sent('s6', { to: 'other@example.org' })])
    expect(archive.queries[1]?.filter?.with).toBeUndefined()
  })

  test('found by origin id', async () => {
    const { session, archive } = setUp()
    archive.add({ from: mine, to: friend, id: 'changed' }, OriginId({ id: 'o1' }))
    expect(await session.findSentWith([sent('s1', {}, OriginId({ id: 'o1' }))])).toEqual(['handled'])
  })

  test('what is more than a day older than they are is something else', async () => {
    const { session, archive } = setUp()
    archive.add({ from: mine, to: friend, id: 's1' })
    expect(await session.findSentWith([{ ...sent('s1'), stamp: timeOf(2000) }])).toEqual(['missing'])
  })

  test('to ourselves', async () => {
    const { session, archive } = setUp()
    archive.add({ from: mine, to: account, id: 's1' })
    expect(await session.findSentWith([sent('s1', { to: account })])).toEqual(['handled'])
  })

  test.each<[string, SentMessage]>([
    ['a room', sent('s', { to: 'cave@rooms.example.org', type: 'groupchat' })],
    ['a state', sent('s', { body: undefined })],
    ['a headline', sent('s', { type: 'headline' })],
    [
      'an error',
      {
        ...sent('s'),
        message: message({ to: friend, type: 'error', id: 's' }, new StanzaError({ condition: 'gone' }).element),
      },
    ],
    ['not to be stored', sent('s', {}, ProcessingHint('no-store'))],
    ['not to be stored for long', sent('s', {}, ProcessingHint('no-permanent-store'))],
    ['an occupant of a room', sent('s', { to: 'cave@rooms.example.org/Puck' }, MucUser())],
  ])('%s: absence says nothing, so nothing is asked', async (_what, unarchived) => {
    const { session, archive } = setUp()
    expect(await session.findSentWith([unarchived])).toEqual(['unknown'])
    expect(archive.queries).toEqual([])
    archive.fill(1)
    expect(await session.findSentWith([unarchived, sent('s1')])).toEqual(['unknown', 'missing'])
  })

  test('without a text, but to be stored, it is there or it is not', async () => {
    const { session } = setUp()
    expect(await session.findSentWith([sent('s', { body: undefined }, ProcessingHint('store'))])).toEqual(['missing'])
  })

  test('page by page until all are found', async () => {
    const { session, archive } = setUp()
    archive.fill(1000)
    archive.add({ from: mine, to: friend, id: 's1' })
    archive.fill(250)
    expect(await session.findSentWith([sent('s1', {}), sent('s1', { type: 'headline' })])).toEqual([
      'handled',
      'unknown',
    ])
    expect(archive.queries).toHaveLength(3)
  })

  test('from when they were written on, if the server tells its time: what has come since does not count', async () => {
    vi.useFakeTimers({ now: timeOf(1) })
    onTestFinished(() => void vi.useRealTimers())
    // The server's clock is 500 minutes ahead of ours.
    const { session, archive } = setUp({ tzo: 0, utc: timeOf(501) })
    archive.fill(500)
    archive.add({ from: mine, to: friend, id: 's1' })
    archive.fill(200)
    expect(await session.findSentWith([sent('s1'), sent('s2')])).toEqual(['handled', 'missing'])
    const filter = { with: Jid.parse('friend@example.org'), start: timeOf(500), end: timeOf(502) }
    expect(archive.queries).toMatchObject([{ filter, page: { max: 100 } }])
    expect(session.requests[0]?.to?.toString()).toBe('example.org')
  })

  test('after 10,000 messages the rest is unknown', async () => {
    const { session, archive } = setUp()
    archive.fill(12_000)
    archive.add({ from: mine, to: friend, id: 's2' })
    archive.fill(400)
    const late = { stamp: timeOf(12_000) }
    const fates = await session.findSentWith([
      { ...sent('s1'), stamp: timeOf(1) },
      { ...sent('s2'), ...late },
    ])
    expect(fates).toEqual(['unknown', 'handled'])
    expect(archive.queries).toHaveLength(100)
  })

  test('an archive that may change its mind does not say that something is missing', async () => {
    const { session, archive } = setUp()
    archive.add({ from: mine, to: friend, id: 's2' })
    archive.stable = false
    expect(await session.findSentWith([sent('s1'), sent('s2')])).toEqual(['unknown', 'handled'])
  })

  test.each(['service-unavailable', 'forbidden', 'internal-server-error'] as const)(
    'no archive (%s)',
    async (condition) => {
      const { session } = setUp()
      session.answer(queryArchive, new StanzaError({ condition }))
      expect(await session.findSentWith([sent('s1'), sent('s2')])).toEqual(['unknown', 'unknown'])
      expect(session.errors).toEqual([])
    },
  )

  test('an archive that goes round in circles', async () => {
    const { session } = setUp()
    session.answer(queryArchive, { page: { first: { id: '1' }, last: '1' } })
    expect(await session.findSentWith([sent('s1')])).toEqual(['unknown'])
  })

  test('S-124 others cannot say that it was handled', async () => {
    const { session, archive } = setUp()
    archive.add({ from: 'mallory@evil.net/x', to: friend, id: 's1' })
    expect(await session.findSentWith([sent('s1')])).toEqual(['missing'])
  })

  test('a signal ends it', async () => {
    const { session } = setUp()
    session.answer(queryArchive, () => new Promise(() => {}))
    const controller = new AbortController()
    const fates = session.findSentWith([sent('s1')], controller.signal)
    controller.abort(new Error('enough'))
    await expect(fates).rejects.toThrow('enough')
  })

  describe('a server that does not answer', () => {
    /** Time goes on by so many seconds, and everything that follows from that is done. */
    const pass = async (seconds: number): Promise<void> => {
      await flushed()
      await vi.advanceTimersByTimeAsync(seconds * 1000)
      await flushed()
    }
    /** What became of one message, as soon as that is known. */
    function silentSetUp() {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      onTestFinished(() => void vi.useRealTimers())
      const set = setUp()
      set.session.answer(queryTime, () => new Promise(() => {}))
      set.archive.add({ from: mine, to: friend, id: 's1' })
      return set
    }
    const fateOf = (session: ReturnType<typeof fakeSession>): SentFate[] => {
      const fates: SentFate[] = []
      void session.findSentWith([sent('s1')]).then((found) => fates.push(...found))
      return fates
    }

    test('does not tell its time: the archive is asked meanwhile', async () => {
      const { session, archive } = silentSetUp()
      const fates = fateOf(session)
      await pass(4)
      expect([fates, archive.queries]).toEqual([[], []])
      await pass(1)
      expect(fates).toEqual(['handled'])
      expect(archive.queries).toMatchObject([{ page: { before: '' } }])
      expect(vi.getTimerCount()).toBe(0)
    })

    test('is silent about everything: that takes one time limit', async () => {
      const { session } = silentSetUp()
      session.answer(queryArchive, () => new Promise(() => {}))
      const fates = fateOf(session)
      await pass(59)
      expect(fates).toEqual([])
      await pass(1)
      expect(fates).toEqual(['unknown'])
      expect([vi.getTimerCount(), session.errors]).toEqual([0, []])
    })

    test('is late: an archive that has answered once has its own time', async () => {
      const { session, archive } = silentSetUp()
      archive.fill(150)
      const answer = (query: MamQuery) => archive.answer(session, query)
      const after = (seconds: number, query: MamQuery) =>
        new Promise<MamFin | StanzaError>((resolve) => setTimeout(() => resolve(answer(query)), seconds * 1000))
      session.answer(queryArchive, (query) => after(40, query))
      const fates = fateOf(session)
      await pass(45)
      await pass(40)
      expect([fates, archive.queries.length]).toEqual([['handled'], 2])
    })
  })

  test('what is no JID or has no addressee does no harm', async () => {
    const { session, archive } = setUp()
    archive.add({ from: Jid.parse(mine), to: undefined, id: 's1' }, xml('urn:example', 'x'))
    expect(await session.findSentWith([sent('s1', { to: undefined })])).toEqual(['handled'])
  })
})
