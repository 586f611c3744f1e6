import type { Plugin, SentFate, StateStore } from '@couplet/client'
import { memoryStore } from '@couplet/client'
import { iqGet, marker } from '@couplet/stanza'
import { faultTransport } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { onLoopback, server, time } from './loopback-users.js'
import { alice, bob, observe, say, users } from './outage.js'

onLoopback(users)

const ping = iqGet(marker('urn:xmpp:ping', 'ping'))

/** A plugin that finds out about messages by asking the server something first. */
function finder(fate: SentFate) {
  const asked: (string | undefined)[][] = []
  let onAsked = (): unknown => undefined
  const plugin: Plugin<'finder', unknown> = {
    name: 'finder',
    needs: {},
    setup: (context) =>
      context.findSent(async (sent, signal) => {
        asked.push(sent.map(({ message }) => message.body))
        await onAsked()
        await context.request(ping, true, { to: 'example.org', signal })
        return sent.map(() => fate)
      }),
  }
  return { plugin, asked, when: (code: () => unknown) => (onAsked = code) }
}

/** Two users, of whom one has sent three messages into the void, and whose session cannot be resumed. */
async function lost(plugins: readonly unknown[] = [], store?: StateStore, how: 'forget' | 'expire' = 'forget') {
  const network = faultTransport(server.transport())
  const mine = observe(network, { jid: alice, plugins: plugins as never, ...(store && { store }) })
  const friend = observe(server.transport(), { jid: bob })
  await time.until(Promise.all([mine.client.online(), friend.client.online()]))
  await time.advance(1000)
  network.stall('up', { drop: true })
  const sends = ['1', '2', '3'].map((body) => mine.client.send(say(body)))
  await time.advance(100)
  if (how === 'forget') server.forget(alice)
  const back = mine.next('online')
  const waiting = mine.next('waiting')
  network.heal()
  network.cutNow()
  await waiting
  if (how === 'expire') server.expire(alice)
  return { mine, friend, network, sends, back }
}

const close = (...all: ReturnType<typeof observe>[]): Promise<unknown> =>
  time.until(Promise.all(all.map(({ client }) => client.close())))

describe('R-026 a connection that breaks', () => {
  test('while somebody finds out what became of messages: he finds out again, and they arrive once', async () => {
    const search = finder('missing')
    let breaks = 2
    search.when(() => {
      if (breaks-- > 0) server.drop(alice)
    })
    const { mine, friend, sends } = await lost([search.plugin])
    mine.client.send(say('4'))
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    await time.advance(5000)
    expect(search.asked).toEqual(Array.from({ length: 3 }, () => ['1', '2', '3']))
    expect(friend.bodies).toEqual(['1', '2', '3', '4'])
    await close(mine, friend)
    expect(mine.errors).toEqual([])
  })

  test('before the session has begun: the next one is announced', async () => {
    let breaks = 1
    const slow: Plugin<'slow', unknown> = {
      name: 'slow',
      needs: {},
      setup: (context) =>
        void context.onSession(async () => {
          if (breaks-- > 0) server.drop(alice)
          await context.request(ping, true, { to: 'example.org' })
        }),
    }
    const mine = observe(server.transport(), { jid: alice, plugins: [slow] as never })
    const friend = observe(server.transport(), { jid: bob })
    await time.until(Promise.all([mine.client.online(), friend.client.online()]))
    await time.until(friend.client.send(say('are you there?', alice)).acked)
    await time.advance(1000)
    expect(mine.client.status).toMatchObject({ state: 'online', resumed: false })
    expect(mine.bodies, 'which only who is available gets').toEqual(['are you there?'])
    await close(mine, friend)
  })

  test('twice in a row, before anything was sent again', async () => {
    const search = finder('missing')
    const { mine, friend, sends, network, back } = await lost([search.plugin])
    await time.until(back)
    network.stall('up', { drop: true })
    server.forget(alice)
    network.heal()
    network.cutNow()
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    await time.advance(1000)
    expect(new Set(friend.bodies).size).toBe(friend.bodies.length)
    expect(friend.bodies).toEqual(['1', '2', '3'])
    await close(mine, friend)
  })

  test('while the journal is written: what was not written yet is written to the next connection, once', async () => {
    const disk = memoryStore()
    let hold: Promise<void> | undefined
    const store: StateStore = {
      get: disk.get,
      batch: async (changes) => {
        await hold
        await disk.batch(changes)
      },
    }
    const network = faultTransport(server.transport())
    const mine = observe(network, { jid: alice, store })
    const friend = observe(server.transport(), { jid: bob })
    await time.until(Promise.all([mine.client.online(), friend.client.online()]))
    await time.advance(1000)
    let release: () => void = () => {}
    hold = new Promise((resolve) => (release = resolve))
    const sends = ['1', '2', '3'].map((body) => mine.client.send(say(body)))
    await time.advance(10)
    network.cutNow()
    await time.advance(2000)
    expect(friend.bodies).toEqual([])
    sends.push(mine.client.send(say('4')))
    release()
    hold = undefined
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    await time.advance(1000)
    expect([friend.bodies, mine.client.status]).toMatchObject([['1', '2', '3', '4'], { resumed: true }])
    await close(mine, friend)
  })
})

describe('R-026 a session that is lost', () => {
  test('requests fail, messages nobody can find out about do so too, and what was queued is sent', async () => {
    const { mine, friend, sends, back } = await lost()
    const request = mine.client.request(ping, true, { to: bob })
    const queued = mine.client.send(say('queued'))
    await expect(time.until(request)).rejects.toMatchObject({ name: 'ConnectionError' })
    await time.until(back)
    for (const { acked } of sends) await expect(time.until(acked)).rejects.toMatchObject({ code: 'unacknowledged' })
    await time.until(queued.acked)
    await time.advance(1000)
    expect(friend.bodies).toEqual(['queued'])
    await close(mine, friend)
  })

  test.each([
    ['finds out that they have arrived', 'handled', []],
    ['finds out that they have not', 'missing', ['1', '2', '3']],
    ['does not find out', 'unknown', []],
  ] as const)('who looks for the messages %s', async (_title, fate, again) => {
    const search = finder(fate)
    const { mine, friend, sends } = await lost([search.plugin])
    const outcomes = await time.until(Promise.allSettled(sends.map(({ acked }) => acked)))
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(
      new Set([fate === 'unknown' ? 'rejected' : 'fulfilled']),
    )
    await time.advance(1000)
    expect(friend.bodies).toEqual(again)
    await close(mine, friend)
  })

  test('S-170 R-026 what the server says it has not handled is sent again, also if nobody can look for it', async () => {
    const { mine, friend, sends, back } = await lost([], undefined, 'expire')
    await time.until(back)
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    await time.advance(1000)
    expect(friend.bodies).toEqual(['1', '2', '3'])
    await close(mine, friend)
  })

  test('who looks for them and fails is reported, and holds nothing up', async () => {
    const search = finder('missing')
    search.when(() => {
      throw new Error('no archive')
    })
    const { mine, friend, sends, back } = await lost([search.plugin])
    await time.until(back)
    expect(sends.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed'])
    expect(mine.errors).toMatchObject([{ message: 'no archive' }])
    await time.until(mine.client.send(say('4')).acked)
    await close(mine, friend)
  })

  test('messages that are larger than what we would read are looked for like all others', async () => {
    const search = finder('handled')
    const { mine, friend, network } = await lost([search.plugin])
    await time.until(mine.client.online())
    await time.advance(5000)
    network.stall('up', { drop: true })
    const large = mine.client.send(say('x'.repeat(2 * 1024 * 1024)))
    await time.advance(100)
    server.forget(alice)
    network.heal()
    network.cutNow()
    await time.until(large.acked)
    expect(search.asked.at(-1)?.[0]).toHaveLength(2 * 1024 * 1024)
    await close(mine, friend)
  })
})

describe('closing', () => {
  test.each([
    ['while the session is resumed', 'resumed'],
    ['while somebody looks for lost messages', 'searching'],
    ['while it waits to connect again', 'waiting'],
    ['while it connects', 'connecting'],
  ] as const)('%s: everything has an outcome, and nothing is left', async (_title, when) => {
    const search = finder('missing')
    const { mine, friend, sends, network } = await lost([search.plugin], memoryStore())
    const { client } = mine
    const reached = new Promise<void>((resolve) => {
      if (when === 'searching') search.when(() => new Promise(() => resolve()))
      else if (when === 'waiting') resolve()
      else void mine.next(when === 'resumed' ? 'online' : when).then(() => resolve())
    })
    if (when === 'connecting') network.latency(1000)
    await time.until(reached)
    if (when === 'resumed') {
      network.cutNow()
      await time.until(mine.next('online'))
    }
    sends.push(client.send(say('4')))
    const request = client.request(ping, true, { to: 'example.org' })
    const closed = client.close()
    const outcomes = await time.until(Promise.allSettled([...sends.map(({ acked }) => acked), request]))
    const failed = outcomes.filter(({ status }) => status === 'rejected')
    expect(failed).toHaveLength(when === 'resumed' ? 0 : 5)
    await time.until(closed)
    await close(friend)
    await time.settled()
    server.expire() // what it keeps of a session that was not closed
    expect(client.status.state).toBe('offline')
    expect(time.timerCount).toBe(0)
  })
})

test('online again after the end: what has failed is not sent, also not from the journal, and what is new is', async () => {
  const store = memoryStore()
  const mine = observe(server.transport(), { jid: `${alice}/phone`, store })
  const friend = observe(server.transport(), { jid: bob })
  await time.until(Promise.all([mine.client.online(), friend.client.online()]))
  await time.advance(1000)
  const over = mine.next('offline')
  server.endStreams('conflict', alice)
  const { acked } = mine.client.send(say('1'))
  await time.until(over)
  await expect(time.until(acked)).rejects.toMatchObject({ name: 'ConnectionError' })
  await time.until(mine.client.online())
  await time.until(mine.client.send(say('2')).acked)
  server.drop(alice)
  await time.until(mine.next('online'))
  expect(mine.client.status).toMatchObject({ resumed: true })
  expect(await store.get(`${alice}/session`), 'which is kept again').toMatchObject({ value: { jid: `${alice}/phone` } })
  expect(friend.bodies).toEqual(['2'])
  await close(mine, friend)
})
