import { memoryStore } from '@couplet/client'
import { Jid, message, xml } from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { account, FakeArchive, flushed, installed } from '../test/fake-archive.js'
import { queryArchive } from './elements.js'

describe('rooms (R-035)', () => {
  const room = 'cave@rooms.example.org'

  /** The room says that we are in, or are not any more. */
  const enter = (session: FakeSession, type?: 'unavailable', ...codes: number[]): void => {
    const statuses = [110, ...codes].map((code) => `<status code='${code}'/>`).join('')
    const x = `<x xmlns='http://jabber.org/protocol/muc#user'>${statuses}</x>`
    session.receive(
      `<presence from='${room}/Puck' to='${account}/here'${type ? ` type='${type}'` : ''}>${x}</presence>`,
    )
  }

  /** A room whose archive holds three messages, and a client that knows them. */
  async function entered() {
    const store = memoryStore()
    const session = fakeSession({ store })
    const archive = new FakeArchive(room).fill(3)
    session.answer(queryArchive, (query) => archive.answer(session, query))
    const set = installed(session, {})
    enter(session)
    expect(await set.api.catchUp({ archive: room })).toEqual({ archive: room, count: 0, gap: undefined })
    return { ...set, archive, store }
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
    enter(session)
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

  test('what is said between a catch-up and entering is not hidden by what comes live after it', async () => {
    const session = fakeSession()
    const archive = new FakeArchive(room).fill(3)
    session.answer(queryArchive, (query) => archive.answer(session, query))
    const { api, seen } = installed(session, {})
    await api.catchUp({ archive: room })
    archive.fill(1) // while we are on our way in
    enter(session)
    session.receive(archive.add())
    expect(await api.catchUp({ archive: room })).toMatchObject({ count: 1 })
    expect(seen).toEqual(['5*', '4'])
  })

  test('in a new session we are in no room', async () => {
    const { session, api, seen, archive } = await entered()
    session.lose()
    await session.begin()
    await api.catchUp({ archive: room })
    archive.fill(1)
    enter(session)
    session.receive(archive.add())
    expect(await api.catchUp({ archive: room })).toMatchObject({ count: 1 })
    expect(seen).toEqual(['5*', '4'])
  })

  test('a stranger with any number of rooms costs neither memory nor a message', async () => {
    const { session, api, seen, archive } = await entered()
    for (let i = 0; i < 1100; i++) {
      const x = "<x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x>"
      session.receive(`<presence from='r${i}@evil.net/me'>${x}</presence>`)
    }
    await api.catchUp({ archive: room }) // the room is forgotten: what comes live does not move the cursor any more
    archive.fill(1)
    session.receive(archive.add())
    expect(await api.catchUp({ archive: room })).toMatchObject({ count: 1 })
    expect(seen).toEqual(['5*', '4'])
  })

  test.each([
    ['left', []],
    ['put out', [307]],
  ])('what is said after we were %s is missed', async (_how, codes) => {
    const { session, api, seen, archive } = await entered()
    enter(session, 'unavailable', ...codes)
    archive.fill(2)
    enter(session)
    session.receive(archive.add())
    expect(await api.catchUp({ archive: room })).toMatchObject({ count: 2 })
    expect(seen).toEqual(['6*', '4', '5'])
  })

  /** What a room repeats for who has entered. */
  const repeated = (archive: FakeArchive, n: number) =>
    message({ from: `${room}/Puck`, type: 'groupchat', id: `m${n}`, body: `${n}` }, archive.idOf(n), delayed(room))
  const delayed = (from: string) => xml('urn:xmpp:delay', 'delay', { from, stamp: '2026-01-01T00:00:00Z' })
  const subject = `<message from='${room}' type='groupchat'><subject/></message>`

  test.each([
    ['repeats the last message', (archive: FakeArchive) => repeated(archive, 6), ['6*', '7*', '4', '5']],
    ['tells its subject', () => subject, ['undefined*', '7*', '4', '5', '6']],
  ])('R-032 put out in silence, and entered again: the room %s', async (_what, history, all) => {
    const { session, api, seen, archive } = await entered()
    archive.fill(3) // 4, 5 and 6 are said while we do not know that we are out
    enter(session)
    session.receive(history(archive))
    session.receive(archive.add())
    await api.catchUp({ archive: room })
    expect(seen).toEqual(all)
    archive.queries.length = 0
    session.receive(archive.add())
    await api.catchUp({ archive: room })
    expect(archive.asked).toEqual(['<', '>a8']) // what comes live counts again
  })

  test('a catch-up that began after we entered again covers what is repeated meanwhile, and after it', async () => {
    const { session, api, archive } = await entered()
    archive.fill(2)
    enter(session)
    const caughtUp = api.catchUp({ archive: room })
    session.receive(repeated(archive, 4))
    expect(await caughtUp).toMatchObject({ count: 1 })
    session.receive(repeated(archive, 5))
    session.receive(archive.add())
    archive.queries.length = 0
    await api.catchUp({ archive: room })
    expect(archive.asked).toEqual(['<', '>a6'])
  })

  test('a change of our own presence, and delays of others, do not stop the cursor', async () => {
    const { session, api, archive } = await entered()
    session.receive(archive.add({}, delayed(room)))
    enter(session)
    session.receive(archive.add({}, delayed('friend@example.org')))
    archive.queries.length = 0
    await api.catchUp({ archive: room })
    expect(archive.asked).toEqual(['<', '>a5'])
  })

  test('nothing is missed by another nickname, nor when somebody else leaves', async () => {
    const { session, api, archive } = await entered()
    enter(session, 'unavailable', 303)
    enter(session)
    session.receive(
      `<presence from='${room}/Quince' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'/></presence>`,
    )
    session.receive(archive.add())
    archive.queries.length = 0
    await api.catchUp({ archive: room })
    expect(archive.asked).toEqual(['<', '>a4'])
  })

  test('one that began before we entered is followed by another', async () => {
    const session = fakeSession()
    const archive = new FakeArchive(room).fill(3)
    let release = (): void => {}
    session.answer(queryArchive, async (query) => {
      const fin = archive.answer(session, query)
      if (query.page?.after !== undefined) await new Promise<void>((resolve) => (release = resolve))
      return fin
    })
    const { api, seen } = installed(session, {})
    const early = api.catchUp({ archive: room })
    await flushed()
    archive.fill(1)
    enter(session)
    const done = api.catchUp({ archive: room })
    session.answer(queryArchive, (query) => archive.answer(session, query))
    release()
    expect([await early, await done].map(({ count }) => count)).toEqual([0, 1])
    expect(seen).toEqual(['4'])
  })

  test('left and entered while it is caught up with: it is not taken for complete', async () => {
    const { session, api, seen, archive } = await entered()
    archive.fill(1)
    session.answer(queryArchive, (query) => {
      const fin = archive.answer(session, query)
      if (query.page?.after !== undefined) {
        enter(session, 'unavailable')
        archive.fill(1)
        enter(session)
      }
      return fin
    })
    await api.catchUp({ archive: room })
    session.answer(queryArchive, (query) => archive.answer(session, query))
    session.receive(archive.add())
    await api.catchUp({ archive: room })
    expect(seen).toEqual(['4', '6*', '5'])
  })

  test('R-036 what comes between entering and the first catch-up of a process comes once', async () => {
    const { session, archive, store } = await entered()
    await flushed()
    archive.fill(1)
    session.end()
    const later = fakeSession({ store })
    later.answer(queryArchive, (query) => archive.answer(later, query))
    const { api, seen } = installed(later, {})
    enter(later)
    // The archive has it without its addressee: only the id says that it is the same.
    archive.add({ to: undefined })
    const from = `${room}/Puck`
    later.receive(message({ from, to: `${account}/here`, type: 'groupchat', id: 'm5', body: '5' }, archive.idOf(5)))
    expect(await api.catchUp({ archive: room })).toMatchObject({ count: 1 })
    expect(seen).toEqual(['5*', '4'])
  })
  test('R-036 a process is killed while its handlers work through what was missed: the next two get it', async () => {
    const { session, archive, store } = await entered()
    await flushed()
    session.end()
    archive.fill(2)
    /** A process that is in the room and is never done with what it has missed. */
    const killed = async (): Promise<readonly string[]> => {
      const later = fakeSession({ store })
      later.answer(queryArchive, (query) => archive.answer(later, query))
      const { api, seen } = installed(later, {})
      api.onMissed(() => new Promise(() => {}))
      enter(later)
      await api.catchUp({ archive: room })
      later.receive(archive.add()) // must not move the cursor
      await flushed()
      later.end()
      return seen
    }
    expect(await killed()).toEqual(['4', '5', '6*'])
    archive.fill(1)
    expect(await killed()).toEqual(['4', '5', '7', '8*'])
    expect(await killed()).toEqual(['4', '5', '7', '9*'])
  })
})
