import { randomBytes } from 'node:crypto'
import { bookmarks, joinBookmarked, NS_BOOKMARKS, OldBookmarks, oldBookmarksNode } from '@couplet/bookmarks'
import { caps } from '@couplet/caps'
import { disco } from '@couplet/disco'
import { muc } from '@couplet/muc'
import { pep } from '@couplet/pep'
import { getPrivateData, setPrivateData } from '@couplet/private-storage'
import { pubsub } from '@couplet/pubsub'
import { attr, element, Jid } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const State = element('urn:example:state', 'state', { minimized: attr('minimized') })
const connect = (target: Target, account?: Account) =>
  openClient(target, { ...(account && { account }), plugins: [caps(), disco(), pubsub(), pep(), bookmarks(), muc()] })
const roomOn = ({ domain }: Target): string => `r${randomBytes(6).toString('hex')}@rooms.${domain}`
const old = (room: string) => ({ conferences: [{ jid: Jid.parse(room), name: 'old', autojoin: true, nick: 'hag' }] })

const all = await targets()

describe.each(all.filter(({ server }) => server === undefined))('bookmarks on $title', (target) => {
  test('accounts have no nodes there, and that is what is said', async () => {
    const { bookmarks: api } = await connect(target)
    expect([api.supported, api.all.size]).toEqual([false, 0])
    await expect(api.set(roomOn(target))).rejects.toBeInstanceOf(Error)
    expect(await api.importOld()).toEqual([])
  })
})

describe.each(all.filter(({ server }) => server !== undefined))('bookmarks on $title', (target) => {
  test('are the same in all clients, with what each has added', async () => {
    const account = await target.createUser()
    const [one, other] = [await connect(target, account), await connect(target, account)]
    const room = roomOn(target)
    await one.bookmarks.set(room, { name: 'The Coven', extensions: () => [State({ minimized: 'true' })] })
    await vi.waitFor(() => expect(other.bookmarks.of(room)?.name).toBe('The Coven'), 5000)
    await other.bookmarks.set(room, { autojoin: true, nick: 'hag', password: 'cauldronburn' })
    await vi.waitFor(() => expect(one.bookmarks.of(room)?.nick).toBe('hag'), 5000)
    const late = await connect(target, account)
    for (const { bookmarks: api } of [one, other, late]) {
      expect(api.of(room)).toMatchObject({ name: 'The Coven', autojoin: true, nick: 'hag', password: 'cauldronburn' })
      expect(api.of(room)?.extension(State)).toEqual({ minimized: 'true' })
    }
    await one.bookmarks.remove(room)
    for (const { bookmarks: api } of [one, other, late]) await vi.waitFor(() => expect(api.all.size).toBe(0), 5000)
    await one.bookmarks.remove(room)
  })

  test('a room is entered when the application says so, and not before', async () => {
    const client = await connect(target)
    const host = await connect(target)
    const room = roomOn(target)
    await host.muc.create(room, { nick: 'hag' })
    await client.bookmarks.set(room, { autojoin: true, nick: 'guest' })
    await client.bookmarks.set(roomOn(target), { autojoin: false })
    expect(client.muc.rooms.size).toBe(0)
    expect((await joinBookmarked(client)).map(({ state }) => state)).toEqual(['joined'])
    expect([...client.muc.rooms.keys()]).toEqual([room])
  })

  test('the server keeps those in private storage the same, where it says so', async () => {
    const client = await connect(target)
    const room = roomOn(target)
    await setPrivateData(client, OldBookmarks, old(room))
    await vi.waitFor(() => expect(client.bookmarks.of(room)).toMatchObject({ name: 'old', nick: 'hag' }), 5000)
    expect(await client.bookmarks.importOld()).toEqual([])
    const newer = roomOn(target)
    await client.bookmarks.set(newer, { name: 'new' })
    const stored = await getPrivateData(client, OldBookmarks)
    expect(stored?.conferences.map(({ jid }) => `${jid}`).sort()).toEqual([room, newer].sort())
  })

  test('S-148 nobody else can read them', async () => {
    const [client, stranger] = [await connect(target), await connect(target)]
    await client.bookmarks.set(roomOn(target))
    const theirs = stranger.pubsub.node(client.account, NS_BOOKMARKS, State)
    await expect(theirs.items().next()).rejects.toMatchObject({ name: 'StanzaError' })
  })
})

// A host of these servers keeps private storage and nodes, and leaves it to clients to bring one into the other.
const apart = all.flatMap((target) => (target.server?.kind === 'prosody' ? [{ target, server: target.server }] : []))

describe.each(apart)(
  'older bookmarks on $target.title, where the server does not convert them',
  ({ target, server }) => {
    test('are brought in once, and nothing is lost or overwritten', async () => {
      const account = await server.createUser(`b${randomBytes(6).toString('hex')}@${server.hosts.old}`)
      const client = await connect(target, account)
      const [known, left, inItem] = [roomOn(target), roomOn(target), roomOn(target)]
      await client.bookmarks.set(known, { name: 'new', password: 'cauldronburn' })
      await setPrivateData(client, OldBookmarks, { conferences: [...old(known).conferences, ...old(left).conferences] })
      await client.pep.publish(oldBookmarksNode, old(inItem), { id: 'current' })
      expect(client.bookmarks.all.size).toBe(1)
      const brought = await client.bookmarks.importOld()
      expect(brought.map(({ jid }) => `${jid}`).sort()).toEqual([left, inItem].sort())
      const late = await connect(target, account)
      expect([...late.bookmarks.all.keys()].sort()).toEqual([known, left, inItem].sort())
      expect(late.bookmarks.of(known)).toMatchObject({ name: 'new', password: 'cauldronburn' })
      expect(late.bookmarks.of(left)).toMatchObject({ name: 'old', autojoin: true, nick: 'hag' })
      await client.bookmarks.remove(left)
      expect(await client.bookmarks.importOld()).toEqual([])
      expect((await getPrivateData(client, OldBookmarks))?.conferences).toHaveLength(2)
    })
  },
)
