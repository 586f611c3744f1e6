import { carbons } from '@couplet/carbons'
import { memoryStore, type Plugin, type SentFinder, type SentMessage, type StateStore } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { disco } from '@couplet/disco'
import { type CaughtUp, type Mam, type MamOptions, mam } from '@couplet/mam'
import { Jid, message } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { startFaultProxy } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { messagesOf } from './message-list.js'
import { newClient, openClient } from './open-client.js'
import { recordingTransport } from './recording-transport.js'
import { type Target, targets } from './targets.js'

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => String(i + from))
const inOrder = (bodies: readonly string[]): string[] => [...bodies].sort((a, b) => Number(a) - Number(b))

/** A client with a cursor in this store, what it gets by all ways, and the end of its catch-up. */
const enter = async (
  target: Target,
  account: Account,
  store: StateStore,
  options: MamOptions = { catchUp: true },
  { reconnect = false, service = target.service('xmpps') } = {},
) => {
  const plugins = [disco(), carbons(), mam(options)] as const
  const client = await newClient(target, { account, store, reconnect, service, plugins })
  const live: string[] = []
  const missed: string[] = []
  const errors: unknown[] = []
  client.onMessage(({ body }) => void (body && live.push(body)))
  client.carbons.onMessage(({ body }) => void (body && live.push(body)))
  client.mam.onMissed(({ body }) => void (body && missed.push(body)))
  client.on('error', (error) => errors.push(error))
  const done = new Promise<CaughtUp>((resolve) => void client.mam.onCaughtUp(resolve))
  await client.online()
  return { client, live, missed, errors, result: await done }
}

/** The plugin, and what it finds out about sent messages. */
const mamWithFinder = () => {
  let finder: SentFinder | undefined
  const inner = mam()
  const plugin: Plugin<'mam', Mam, { disco: Disco }> = {
    ...inner,
    setup: (context) => {
      const keep = (given: SentFinder) => {
        finder = given
        return context.findSent(given)
      }
      return inner.setup(Object.create(context, { findSent: { value: keep } }))
    },
  }
  return { plugin, find: (sent: readonly SentMessage[]) => finder!(sent, new AbortController().signal) }
}

describe.each((await targets()).filter(({ features }) => features.has('mam')))('catching up with $title', (target) => {
  /** An account that has been online before, and somebody who writes to it. */
  const setUp = async () => {
    const [account, friend] = [await target.createUser(), await openClient(target)]
    const store = memoryStore()
    const first = await enter(target, account, store)
    expect([first.result.count, first.result.gap, first.errors]).toEqual([0, undefined, []])
    const to = Jid.parse(account.jid)
    const write = async (bodies: readonly string[]) => {
      const sent = bodies.map((body) => friend.send(message({ to, type: 'chat', body })))
      await Promise.all(sent.map(({ acked }) => acked))
    }
    return { account, friend, store, first, write }
  }

  test('R-036 what was missed comes once, also if the server has held it', { timeout: 60_000 }, async () => {
    const { account, friend, store, first, write } = await setUp()
    await write(['before'])
    await messagesReach(first.live, 1)
    await first.client.close()
    await write(numbers(120))
    const phone = await openClient(target, { account, presence: false })
    await phone.send(message({ to: friend.jid, type: 'chat', body: '120' })).acked
    await phone.close()
    const second = await enter(target, account, store)
    expect(inOrder([...second.live, ...second.missed])).toEqual(numbers(121))
    expect(second.missed).toContain('120')
    expect(second.missed).toEqual(inOrder(second.missed))
    await second.client.send(message({ to: friend.jid, type: 'chat', body: 'mine' })).acked
    await second.client.close()
    const third = await enter(target, account, store)
    expect([third.live, third.missed, third.errors]).toEqual([[], [], []])
  })

  test('R-032 what comes live meanwhile neither hides a message nor comes twice', { timeout: 60_000 }, async () => {
    const { account, store, first, write } = await setUp()
    await first.client.close()
    await write(numbers(100))
    const writing = write(numbers(100, 100))
    const second = await enter(target, account, store, { catchUp: { pageSize: 10 } })
    await writing
    await write(['200'])
    await messagesReach(second.live, '200')
    expect(inOrder([...second.live, ...second.missed])).toEqual(numbers(201))
    await second.client.close()
    await write(['201'])
    const third = await enter(target, account, store)
    expect([...third.live, ...third.missed]).toEqual(['201'])
  })

  if (!target.kickIsConflict) {
    test('R-036 what comes while a client is on its way back', async () => {
      const { account, store, first, write } = await setUp()
      await first.client.close()
      const { client, live, missed, errors } = await enter(
        target,
        account,
        store,
        { catchUp: true },
        { reconnect: true },
      )
      await write(numbers(10))
      await messagesReach(live, 10)
      const back = new Promise<CaughtUp>((resolve) => void client.mam.onCaughtUp(resolve))
      await target.kick(client.jid.toString())
      await write(numbers(20, 10))
      await back
      await write(['30'])
      await messagesReach(live, '30')
      expect([inOrder([...live, ...missed]), errors]).toEqual([numbers(31), []])
    })
  }

  test('R-029 a process that goes on with the session of one that was killed asks for nothing again', async () => {
    const { account, store, first, write } = await setUp()
    await first.client.close()
    await write(['away'])
    const { hostname, port } = new URL(target.service('xmpps'))
    await using proxy = await startFaultProxy({ target: { host: hostname, port: Number(port) } })
    let isAlive = true
    const mortal: StateStore = {
      get: store.get,
      batch: (changes) => (isAlive ? store.batch(changes) : new Promise(() => {})),
    }
    const killed = await enter(target, account, mortal, { catchUp: true }, { service: String(proxy.service('xmpps')) })
    expect([...killed.live, ...killed.missed]).toEqual(['away'])
    isAlive = false
    proxy.cutNow()
    await write(['dead'])
    const { transport, recording } = recordingTransport(tcp({ ca: target.ca }))
    const plugins = [disco(), carbons(), mam({ catchUp: true })] as const
    const client = await newClient(target, { account, store, transports: [transport], plugins })
    const live: string[] = []
    client.onMessage(({ body }) => void (body && live.push(body)))
    await client.online()
    expect(client.status).toMatchObject({ state: 'online', resumed: true })
    await write(['back'])
    await messagesReach(live, 'back')
    expect([[...live], recording.sent.includes('urn:xmpp:mam:2')]).toEqual([['dead', 'back'], false])
  })

  test('R-033 more than the limit is a gap that is filled later', async () => {
    const { account, store, first, write } = await setUp()
    await first.client.close()
    await write(numbers(30))
    const { client, live, missed, result } = await enter(target, account, store, {
      catchUp: { limit: 12, pageSize: 5 },
    })
    let gap = result.gap
    expect(gap).toBeDefined()
    while (gap !== undefined) gap = (await client.mam.fill(JSON.parse(JSON.stringify(gap)))).gap
    expect(inOrder([...live, ...missed])).toEqual(numbers(30))
  })

  test('R-034 a place in the archive that it does not know', async () => {
    const { account, store, first, write } = await setUp()
    await write(['known'])
    await messagesReach(first.live, 1)
    await first.client.close()
    await write(numbers(3))
    const key = `${Jid.parse(account.jid).bare}/mam/cursor`
    const { version, value } = (await store.get(key)) as { version: number; value: object }
    await store.batch([{ key, record: { version, value: { ...value, id: 'no-such-message' } } }])
    const { live, missed } = await enter(target, account, store)
    expect(inOrder([...live, ...missed])).toEqual(numbers(3))
  })

  test('R-026 what became of messages whose session was lost', async () => {
    const { plugin, find } = mamWithFinder()
    const client = await openClient(target, { plugins: [disco(), plugin] })
    const friend = await openClient(target)
    const inbox = messagesOf(friend)
    const make = (id: string) => message({ to: friend.jid, type: 'chat', body: id, id })
    await client.send(make('sent-1')).acked
    await inbox.until(1)
    const stamp = new Date()
    const sent = [make('sent-1'), make('never-sent'), message({ to: friend.jid, type: 'headline', id: 'x' })]
    expect(await find(sent.map((each) => ({ message: each, stamp })))).toEqual(['handled', 'missing', 'unknown'])
  })
})

/** Resolves when so many are there, or one of them is this. */
async function messagesReach(list: string[], what: number | string): Promise<void> {
  const isThere = (): boolean => (typeof what === 'number' ? list.length >= what : list.includes(what))
  if (isThere()) return
  await new Promise<void>((resolve) => {
    list.push = (...added) => {
      for (const each of added) list[list.length] = each
      if (isThere()) resolve()
      return list.length
    }
  })
}
