import type { Client, Connection, Plugin, Transport } from '@couplet/client'
import { element, iqGet, marker, message, NS_CLIENT, text } from '@couplet/stanza'
import { faultTransport, scriptedServer, seededRandom, startLoopback } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { onLoopback, server, time } from './loopback-users.js'
import { accept, alice, bob, letGo, observe, say, users } from './outage.js'
import { account } from './victim.js'

onLoopback(users)

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const ping = iqGet(marker('urn:xmpp:ping', 'ping'))
const Echo = element('urn:example', 'echo', { text: text() })
const echo = iqGet(Echo, Echo)
const tooLarge = { text: 'x'.repeat(10_000) }

/** A transport that notes when its connections stop being read. */
function watched(transport: Transport) {
  const pauses: boolean[] = []
  const noting: Transport = {
    name: transport.name,
    schemes: transport.schemes,
    connect: async (options) => {
      const connection = await transport.connect(options)
      return new Proxy(connection, {
        get(target, key) {
          const value = Reflect.get(target, key, target)
          if (key !== 'pause') return typeof value === 'function' ? value.bind(target) : value
          return (isPaused: boolean) => {
            pauses.push(isPaused)
            target.pause(isPaused)
          }
        },
      }) as Connection
    },
  }
  return { transport: noting, pauses }
}

/** Closes them, whatever they are doing. */
const close = (...clients: Client[]): Promise<unknown> => time.until(Promise.all(clients.map((each) => each.close())))

describe('R-039 order', () => {
  test('10,000 messages each way, with handlers that take as long as they like: each conversation in order', async () => {
    const random = seededRandom(39)
    const [mine, friend] = [observe(server.transport(), { jid: alice }), observe(server.transport(), { jid: bob })]
    const seen: Record<string, number[]> = { alice: [], bob: [] }
    let running = 0
    let most = 0
    const perSender = new Map<string, number>()
    const listen = ({ client }: typeof mine, list: number[] | undefined): void => {
      client.onMessage(async ({ body, from }) => {
        const who = `${client.account} ${from?.bare}`
        perSender.set(who, (perSender.get(who) ?? 0) + 1)
        most = Math.max(most, perSender.get(who) ?? 0, ++running)
        if (random.next() < 0.5) await sleep(random.next() * 10)
        running--
        perSender.set(who, (perSender.get(who) ?? 0) - 1)
        list?.push(Number(body))
      })
    }
    listen(mine, seen.alice)
    listen(friend, seen.bob)
    await time.until(Promise.all([mine.client.online(), friend.client.online()]))
    const numbers = Array.from({ length: 10_000 }, (_, i) => i)
    const sends: Promise<void>[] = []
    for (const i of numbers) {
      sends.push(mine.client.send(say(`${i}`)).acked, friend.client.send(say(`${i}`, alice)).acked)
      if (i % 500 === 499) await time.advance(10) // far less than it takes
    }
    await time.until(Promise.all(sends))
    await time.advance(120_000)
    expect(seen.alice).toEqual(numbers)
    expect(seen.bob).toEqual(numbers)
    expect(most, 'one at a time in each conversation').toBe(2)
    await close(mine.client, friend.client)
  }, 120_000)

  test('at most 16 conversations at a time, and a slow one holds no other up', async () => {
    const mine = observe(server.transport(), { jid: alice })
    const done: string[] = []
    let running = 0
    let most = 0
    mine.client.onMessage(async ({ body, from }) => {
      most = Math.max(most, ++running)
      await sleep(body === 'slow' ? 60_000 : 10)
      running--
      done.push(`${from?.local} ${body}`)
    })
    await time.until(mine.client.online())
    const tell = (from: string, body: string): void =>
      server.send(message({ from: `${from}@example.org`, to: alice, type: 'chat', body }))
    for (const body of ['slow', 'after']) tell('turtle', body)
    for (let i = 0; i < 50; i++) for (const body of ['1', '2']) tell(`hare${i}`, body)
    await time.advance(1000)
    expect([done.length, most]).toEqual([100, 16])
    await time.advance(60_000)
    expect(done.slice(100)).toEqual(['turtle slow', 'turtle after'])
    await close(mine.client)
  })
})

describe('R-040 a peer that does not read', () => {
  test.each([
    ['with', 1, 200_000],
    ['without', 900_000, 1024 * 1024 + 200_000],
  ] as const)(
    'gets at most 1 MiB and a message, %s stream management; the rest waits and goes',
    async (sm, least, most) => {
      await using peer = await startLoopback({ users, management: sm === 'with' ? {} : false })
      const network = faultTransport(peer.transport())
      let connection: Connection | undefined
      const transport: Transport = {
        name: 'watched',
        schemes: [],
        connect: async (options) => {
          connection = await network.connect(options)
          return connection
        },
      }
      const [mine, friend] = [observe(transport, { jid: alice }), observe(peer.transport(), { jid: bob })]
      await time.until(Promise.all([mine.client.online(), friend.client.online()]))
      await time.advance(1000)
      network.pauseReading('up')
      const filler = 'x'.repeat(100_000)
      const sends = Array.from({ length: 200 }, (_, i) => mine.client.send(say(`${i} ${filler}`)))
      let accepted = 0
      for (const send of sends) void send.accepted.then(() => accepted++)
      await time.advance(10_000)
      expect(connection?.buffered).toBeGreaterThan(least)
      expect(connection?.buffered).toBeLessThan(most)
      expect(accepted, '8 MiB wait').toBeGreaterThanOrEqual(83)
      expect(accepted).toBeLessThan(100)
      expect(sends.filter(({ state }) => state === 'failed')).toEqual([])
      network.resume('up')
      await time.until(Promise.all(sends.map(({ acked }) => acked)))
      expect(friend.bodies.map((body) => Number.parseInt(body ?? '', 10))).toEqual(sends.map((_, i) => i))
      await close(mine.client, friend.client)
      await time.until(peer.stop())
    },
  )
})

describe('R-041 an application that is slower than the server', () => {
  /** 600 messages of a friend, one after the other. */
  async function flooded(handler: (client: Client, body: string | undefined) => unknown) {
    const { transport, pauses } = watched(server.transport())
    const mine = observe(transport, { jid: alice })
    const friend = observe(server.transport(), { jid: bob })
    let handled = 0
    mine.client.onMessage(async ({ body }) => {
      await handler(mine.client, body)
      handled++
    })
    await time.until(Promise.all([mine.client.online(), friend.client.online()]))
    await time.advance(1000)
    const sends = Array.from({ length: 2000 }, (_, i) => friend.client.send(say(`${i}`, alice)))
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    return { mine, friend, pauses, handled: () => handled }
  }

  test('is read no more at 500, again at 100, and nobody is declared dead', async () => {
    const { mine, friend, pauses, handled } = await flooded(() => sleep(1000))
    await time.advance(350_000)
    expect(pauses).toEqual([true])
    expect(handled()).toBeLessThan(400)
    await time.advance(100_000)
    expect(pauses.slice(0, 2)).toEqual([true, false])
    await time.advance(2_000_000)
    expect(handled()).toBe(2000)
    expect(mine.statuses.map(({ state }) => state)).toEqual(['connecting', 'online'])
    await close(mine.client, friend.client)
  })

  test('nor if it answers each message without waiting for what becomes of that', async () => {
    const { mine, friend, handled } = await flooded(async (client, body) => {
      await sleep(1000)
      client.send(say(`re: ${body}`))
    })
    await time.advance(2_100_000)
    expect(handled()).toBe(2000)
    expect(mine.statuses.map(({ state }) => state)).toEqual(['connecting', 'online'])
    await time.advance(60_000)
    expect(friend.bodies).toHaveLength(2000)
    await close(mine.client, friend.client)
  })

  test.each([
    ['a request', (client: Client) => client.request(ping, true, { to: 'example.org' })],
    ['an acknowledgement', (client: Client) => client.send(say('re')).acked],
  ])('and waits for %s in its handlers: it gets it', async (_title, wait) => {
    const { mine, friend, handled } = await flooded(async (client) => {
      await sleep(10)
      await wait(client)
    })
    await time.advance(600_000)
    expect(handled()).toBe(2000)
    expect(mine.errors).toEqual([])
    await close(mine.client, friend.client)
  })
})

test('R-041 who waits for a place in the full queue gets it, though nothing else would be read', async () => {
  await using scripted = await scriptedServer(async (peer) => {
    await accept(peer)
    await peer.expectElement(NS_CLIENT, 'message')
    for (let i = 0; i < 700; i++) await peer.stanza(`<message from='${bob}' id='m${i}'><body>${i}</body></message>`)
    await letGo(peer)
  }, account)
  const { transport, pauses } = watched(scripted.transport())
  const { client } = observe(transport)
  let accepted = 0
  client.onMessage(async ({ body }) => {
    if (body !== '0') return
    await sleep(5000) // so that all others wait, and nothing is read
    expect(pauses).toEqual([true])
    const sends = Array.from({ length: 1500 }, (_, i) => client.send(say(`${i}`)))
    await Promise.all(sends.map((send) => send.accepted.then(() => accepted++)))
  })
  await time.until(client.online())
  client.send(say('go'))
  await time.advance(20_000)
  expect(accepted).toBe(1500)
  await close(client)
})

test('R-042 a message larger than the server takes fails here, a request too, and the stream goes on', async () => {
  await using small = await startLoopback({ users, streamLimits: { maxBytes: 10_000 } })
  const [mine, friend] = [observe(small.transport(), { jid: alice }), observe(small.transport(), { jid: bob })]
  await time.until(Promise.all([mine.client.online(), friend.client.online()]))
  const sends = ['1', 'ä'.repeat(5001), '2'].map((body) => mine.client.send(say(body)))
  const outcomes = await time.until(Promise.allSettled(sends.map(({ acked }) => acked)))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: { name: 'ConnectionError', code: 'refused-stanza' } })
  const large = mine.client.request(echo, tooLarge, { to: bob })
  await expect(time.until(large)).rejects.toMatchObject({ name: 'ConnectionError', code: 'refused-stanza' })
  expect(friend.bodies).toEqual(['1', '2'])
  expect(mine.statuses.map(({ state }) => state)).toEqual(['connecting', 'online'])
  await close(mine.client, friend.client)
  await time.until(small.stop())
})

test('R-042 a result larger than the server takes is an error for who has asked, and is reported', async () => {
  await using small = await startLoopback({ users, streamLimits: { maxBytes: 10_000 } })
  const answering: Plugin<'answering', unknown> = {
    name: 'answering',
    needs: {},
    setup: (context) => void context.handle(echo, () => tooLarge),
  }
  const mine = observe(small.transport(), { jid: alice, plugins: [answering] as never })
  const friend = observe(small.transport(), { jid: bob })
  await time.until(Promise.all([mine.client.online(), friend.client.online()]))
  const answer = friend.client.request(echo, { text: 'x' }, { to: mine.client.jid })
  await expect(time.until(answer)).rejects.toMatchObject({ condition: 'internal-server-error' })
  expect(mine.errors).toMatchObject([{ code: 'refused-stanza' }])
  await close(mine.client, friend.client)
  await time.until(small.stop())
})

test.each([
  ['300 messages, upwards', 300, 'x'.repeat(2000), 'up'],
  ['300 messages', 300, 'x'.repeat(2000), undefined],
  ['100 messages in a script with three bytes a character', 100, '漢'.repeat(2000), 'up'],
  ['one message of 240 KB', 1, 'x'.repeat(240_000), 'up'],
] as const)('R-043 a server that takes 3 KB/s, %s: slow is not dead', async (_title, count, text, direction) => {
  const network = faultTransport(server.transport())
  const [mine, friend] = [observe(network, { jid: alice }), observe(server.transport(), { jid: bob })]
  await time.until(Promise.all([mine.client.online(), friend.client.online()]))
  await time.advance(1000)
  network.rate(3000, direction)
  const sends = Array.from({ length: count }, (_, i) => mine.client.send(say(`${i} ${text}`)))
  await time.until(Promise.all(sends.map(({ acked }) => acked)))
  expect(mine.statuses.map(({ state }) => state)).toEqual(['connecting', 'online'])
  expect(friend.bodies).toHaveLength(count)
  await close(mine.client, friend.client)
})
