import { type Muc, NS_MUC } from '@couplet/muc'
import { Jid, StanzaError } from '@couplet/stanza'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { Bookmark } from './bookmark.js'
import type { Conference } from './elements.js'
import { type JoiningMuc, joinBookmarked } from './join-bookmarked.js'

const bookmarksOf = (...conferences: readonly Conference[]) => {
  const list = conferences.map((each, i) => new Bookmark(Jid.parse(`r${i}@rooms.example.org`).bare, each))
  return { all: new Map(list.map((each) => [each.jid.toString(), each])) }
}

/** Rooms that are entered when the test says so; what is in `others` is none. */
const rooms = (...others: string[]) => {
  const asked: { jid: string; options: unknown; enter(): void; refuse(error: Error): void }[] = []
  const muc: JoiningMuc<string> = {
    info: async (jid, { signal }) => {
      signal?.throwIfAborted()
      if (jid.toString().startsWith('gone')) throw new StanzaError({ condition: 'item-not-found' })
      return { features: new Set(others.includes(jid.toString()) ? [] : [NS_MUC]) }
    },
    join: (jid, options) =>
      new Promise((resolve, reject) => {
        asked.push({ jid: jid.toString(), options, enter: () => resolve(`room ${jid}`), refuse: reject })
      }),
  }
  return { asked, muc }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('joinBookmarked', () => {
  test('enters the rooms with autojoin, as the bookmarks say, and makes none', async () => {
    const { asked, muc } = rooms()
    const bookmarks = bookmarksOf(
      { autojoin: true, nick: 'hag', password: 'x' },
      { autojoin: false },
      {},
      { autojoin: true },
    )
    const done = joinBookmarked({ bookmarks, muc }, { nick: 'me' })
    await turn()
    expect(asked.map(({ jid, options }) => [jid, options])).toEqual([
      ['r0@rooms.example.org', { nick: 'hag', password: 'x', create: false }],
      ['r3@rooms.example.org', { nick: 'me', create: false }],
    ])
    const refusal = new Error('banned')
    asked[0]?.refuse(refusal)
    asked[1]?.enter()
    expect((await done).map(({ bookmark: _, ...outcome }) => outcome)).toEqual([
      { state: 'failed', error: refusal },
      { state: 'joined', room: 'room r3@rooms.example.org' },
    ])
  })

  test('S-151 of 5,000 rooms 50 are entered, five at a time, and the others are said to be skipped', async () => {
    const { asked, muc } = rooms()
    const bookmarks = bookmarksOf(...Array.from({ length: 5000 }, () => ({ autojoin: true })))
    const done = joinBookmarked({ bookmarks, muc })
    await turn()
    for (let i = 0; i < 50; i++) {
      expect(asked).toHaveLength(Math.min(i + 5, 50))
      asked[i]?.enter()
      await turn()
    }
    const outcomes = await done
    expect(asked).toHaveLength(50)
    expect(outcomes.filter(({ state }) => state === 'joined')).toHaveLength(50)
    expect(outcomes.filter(({ state }) => state === 'skipped')).toHaveLength(4950)
  })

  test('S-151 a person who is bookmarked gets no presence, and what is not there is not entered', async () => {
    const { asked, muc } = rooms('r1@rooms.example.org')
    const { all } = bookmarksOf({ autojoin: true }, { autojoin: true })
    const gone = new Bookmark(Jid.parse('gone@rooms.example.org').bare, { autojoin: true })
    const done = joinBookmarked({ bookmarks: { all: new Map([...all, ['gone', gone]]) }, muc })
    await turn()
    expect(asked.map(({ jid }) => jid)).toEqual(['r0@rooms.example.org'])
    asked[0]?.enter()
    expect((await done).map(({ bookmark: _, ...outcome }) => outcome)).toEqual([
      { state: 'joined', room: 'room r0@rooms.example.org' },
      { state: 'not a room' },
      { state: 'failed', error: expect.objectContaining({ condition: 'item-not-found' }) },
    ])
  })

  test('others on request', async () => {
    const { asked, muc } = rooms()
    const done = joinBookmarked(
      { bookmarks: bookmarksOf({ name: 'a' }, { name: 'b' }), muc },
      { where: () => true, max: 1 },
    )
    await turn()
    asked[0]?.enter()
    expect((await done).map(({ state }) => state)).toEqual(['joined', 'skipped'])
    await expect(joinBookmarked({ bookmarks: bookmarksOf(), muc }, { max: -1 })).rejects.toThrow(RangeError)
    expect(await joinBookmarked({ bookmarks: bookmarksOf({ autojoin: true }), muc }, { max: 0 })).toHaveLength(1)
  })

  test('a signal ends it', async () => {
    const { asked, muc } = rooms()
    const controller = new AbortController()
    const done = joinBookmarked({ bookmarks: bookmarksOf({ autojoin: true }), muc }, controller)
    await turn()
    controller.abort(new Error('enough'))
    asked[0]?.refuse(controller.signal.reason)
    await expect(done).rejects.toThrow('enough')
  })

  test('takes `client.muc`', () => {
    expectTypeOf<Muc>().toExtend<JoiningMuc<unknown>>()
  })
})
