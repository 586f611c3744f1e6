import { disco } from '@couplet/disco'
import { type Mam, MamResult, mam, queryArchive } from '@couplet/mam'
import { message } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { recordingTransport } from './recording-transport.js'
import { type Target, targets } from './targets.js'

const total = 1237
/** Every so many messages are from somebody else. */
const interval = 100
const bodies = Array.from({ length: total }, (_, i) => String(i))
const isFromOther = (i: number): boolean => i % interval === interval - 1

/** A new account whose archive holds {@link bodies}, and the account some of them are from. */
const fillArchive = async (target: Target) => {
  const account = await target.createUser()
  const other = await target.createUser()
  const [juliet, romeo, nurse] = await Promise.all([
    openClient(target, { account }),
    openClient(target),
    openClient(target, { account: other }),
  ])
  const inbox = messagesOf(juliet)
  for (const [i, body] of bodies.entries()) {
    if (isFromOther(i)) await inbox.until(i) // two senders have no order among them
    const sent = (isFromOther(i) ? nurse : romeo).send(message({ to: juliet.account, type: 'chat', body }))
    if (isFromOther(i)) await sent.acked
  }
  await inbox.until(total)
  return { account, other }
}

/** What servers do when they do not know the id of RSM's `after`; XEP-0059 §2.2 wants `item-not-found`. */
const unknownId: Readonly<Record<string, 'nothing' | 'everything'>> = { p13: 'nothing', ej24: 'everything' }

type Query = NonNullable<Parameters<Mam['query']>[0]>
type Archived = Awaited<ReturnType<ReturnType<Mam['query']>['next']>>['value'] & object

describe.each((await targets()).filter(({ features }) => features.has('mam')))('archive of $title', (target) => {
  const isExtended = target.features.has('mam-extended')
  let filled: Promise<{ account: Account; other: Account }> | undefined
  let listed: Promise<readonly Archived[]> | undefined

  /** A client of the full archive, its traffic, and a way to get everything that a query finds. */
  const open = async () => {
    filled ??= fillArchive(target)
    const { account, other } = await filled
    const { transport, recording } = recordingTransport(tcp({ ca: target.ca }))
    const client = await openClient(target, { account, transports: [transport], plugins: [disco(), mam()] })
    const find = async (query: Query): Promise<Archived[]> => {
      const found: Archived[] = []
      for await (const item of client.mam.query(query)) found.push(item)
      return found
    }
    const texts = async (query: Query) => (await find(query)).map((item) => item.message.body)
    /** Everything, which is fetched once only. */
    const list = () => {
      listed ??= find({ pageSize: 50 })
      return listed
    }
    const requests = () => recording.sent.match(/<query xmlns=['"]urn:xmpp:mam:2/g)?.length
    return { client, other, find, list, texts, requests }
  }

  test(`${total} messages, forwards in pages of 50`, { timeout: 60_000 }, async () => {
    const { client, list, requests } = await open()
    const inbox = messagesOf(client)
    expect(await client.mam.supported()).toBe(true)
    const all = await list()
    expect(all.map((item) => item.message.body)).toEqual(bodies)
    expect(requests()).toBe(Math.ceil(total / 50))
    expect(inbox.received).toEqual([]) // what is in the archive is no news
  })

  test('the last 20, and the last 120 over several pages', async () => {
    const { texts, requests } = await open()
    expect(await texts({ last: 20 })).toEqual(bodies.slice(-20))
    expect(requests()).toBe(1)
    expect(await texts({ last: 120 })).toEqual(bodies.slice(-120))
    expect(requests()).toBe(4)
  })

  test('the newest first, for who goes back in time', async () => {
    const { client, texts, requests } = await open()
    const found: (string | undefined)[] = []
    for await (const item of client.mam.query({ newestFirst: true, pageSize: 50 })) {
      found.push(item.message.body)
      if (found.length === 70) break
    }
    expect(found).toEqual(bodies.slice(-70).reverse())
    expect(requests()).toBe(2)
    expect(await texts({ newestFirst: true, last: 3 })).toEqual(bodies.slice(-3).reverse())
  })

  test('only those of one person', async () => {
    const { other, texts } = await open()
    const expected = bodies.filter((_, i) => isFromOther(i))
    expect(await texts({ with: other.jid })).toEqual(expected)
    expect(await texts({ with: other.jid, last: 5 })).toEqual(expected.slice(-5))
    expect(await texts({ with: `nobody@${target.domain}` })).toEqual([])
  })

  test('only those of a time', async () => {
    const { find, list } = await open()
    const all = await list()
    const times = all.map(({ stamp }) => stamp!.getTime())
    const start = times[600]!
    const found = await find({ start: new Date(start), pageSize: 50 })
    expect(found.map(({ id }) => id)).toEqual(all.filter((_, i) => times[i]! >= start).map(({ id }) => id))
    expect(await find({ end: new Date(times[0]! - 60_000) })).toEqual([])
  })

  test('on from a message, and back from one', async () => {
    const { find, texts } = await open()
    const { id } = (await find({ last: 237 }))[0]!
    expect(await texts({ after: id })).toEqual(bodies.slice(-236))
    expect(await texts({ before: id, last: 10 })).toEqual(bodies.slice(-247, -237))
  })

  // XEP-0059 §2.7: optional.
  const counts = target.name !== 'p13'
  test(counts ? 'the number of messages' : 'the number of messages is not told', async () => {
    const { client } = await open()
    const { page } = await client.request(queryArchive, { page: { max: 1 }, flipPage: false })
    expect(page.count).toBe(counts ? total : undefined)
  })

  test('a loop that is left asks for no more', async () => {
    const { client, requests } = await open()
    for await (const { message: first } of client.mam.query({ pageSize: 50 })) {
      expect(first.body).toBe('0')
      break
    }
    expect(requests()).toBe(1)
  })

  test('a signal ends it', async () => {
    const { client } = await open()
    const controller = new AbortController()
    const query = client.mam.query({ signal: controller.signal })
    await query.next()
    controller.abort(new Error('enough'))
    await expect(query.next()).rejects.toThrow('enough')
  })

  const outcome = unknownId[target.name] ?? 'item-not-found'
  test(`after a message that is not there: ${outcome}`, async () => {
    const { texts } = await open()
    const found = texts({ after: 'no-such-message' })
    if (outcome === 'nothing') expect(await found).toEqual([])
    else if (outcome === 'everything') expect(await found).toEqual(bodies)
    else await expect(found).rejects.toMatchObject({ name: 'StanzaError', condition: outcome })
  })

  test("somebody else's archive", async () => {
    const { client } = await open()
    const other = await openClient(target)
    await other.send(message({ to: other.account, type: 'chat', body: 'secret' })).acked
    // Whatever the server says, nothing may come out.
    const found = client.mam.query({ archive: other.account }).next()
    if (target.name === 'ej24') expect(await found).toEqual({ done: true, value: undefined })
    else await expect(found).rejects.toMatchObject({ name: 'StanzaError' })
  })

  if (isExtended) {
    test('a page that is flipped (XEP-0313 §4.3.4)', async () => {
      const { client, list } = await open()
      const all = await list()
      const arrived: string[] = []
      const query = { queryId: 'flipped', page: { before: '', max: 5 }, flipPage: true }
      const results = client.onMessage(MamResult, ({ id }) => void arrived.push(id), { from: 'ownAccount' })
      const { page } = await client.request(queryArchive, query)
      results.dispose()
      const newest = all.slice(-5).map(({ id }) => id)
      expect(arrived).toEqual([...newest].reverse())
      expect([page.first?.id, page.last]).toEqual([newest[0], newest.at(-1)]) // its edges are as ever
    })

    test('by ids, up to a message, and where it begins and ends', async () => {
      const { client, list, texts } = await open()
      const all = await list()
      expect(await texts({ ids: [all[3]!.id, all[700]!.id] })).toEqual(['3', '700'])
      expect(await texts({ before: all[60]!.id })).toEqual(bodies.slice(0, 60))
      const { start, end } = await client.mam.metadata()
      expect([start?.id, end?.id]).toEqual([all[0]!.id, all.at(-1)!.id])
    })
  } else {
    test('without urn:xmpp:mam:2#extended, such queries are refused before they are sent', async () => {
      const { client, texts, requests } = await open()
      const refused = { name: 'StanzaError', condition: 'feature-not-implemented' }
      await expect(texts({ ids: ['1'] })).rejects.toMatchObject(refused)
      await expect(texts({ before: '1' })).rejects.toMatchObject(refused)
      expect(requests() ?? 0).toBe(0)
      await expect(client.mam.metadata()).rejects.toMatchObject({ name: 'StanzaError' })
    })
  }
})
