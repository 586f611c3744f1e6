import { type AnyPlugin, type Connection, memoryStore, type PluginContext, type Transport } from '@couplet/client'
import { faultTransport, type Script, scriptedServer, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accept, alice, count, letGo, observe, say } from './outage.js'
import { account } from './victim.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

const ten = Array.from({ length: 10 }, (_, n) => say(`${n}`))
/** Tells what comes in, when the client has seen it and before anything else happens. */
function tapped(inner: Transport, seen: (text: string) => void): Transport {
  return {
    ...inner,
    async connect(options) {
      const connection = await inner.connect(options)
      const listen: Connection['listen'] = ({ data, closed }) =>
        connection.listen({
          closed,
          data(chunk) {
            data(chunk)
            seen(typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk))
          },
        })
      return { ...connection, listen }
    },
  }
}

const bodies = (received = ''): string[] => [...received.matchAll(/<body>(\d+)</g)].map(([, body]) => body as string)

describe('R-048 a client that is closed', () => {
  test('sends what is left, says goodbye, tells and ends, in this order', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: {} })
      await peer.expect(/<presence/)
      await peer.stanza(`<message from='x@example.org'><body>hello</body></message>`)
      await letGo(peer)
    }, account)
    const { client, bodies: got } = observe(server.transport())
    await time.until(client.online())
    await time.settled()
    expect(got).toEqual(['hello'])
    const sends = ten.map((each) => client.send(each))
    const began = time.now()
    await time.until(client.close())
    await Promise.all(sends.map(({ acked }) => acked))
    expect(time.now() - began).toBeLessThanOrEqual(1000)
    const received = server.peers[0]?.received ?? ''
    expect(bodies(received)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect(received).toMatch(
      /<body>9<.*<presence [^>]*type='unavailable'[^>]*\/>.*<a xmlns='urn:xmpp:sm:3' h='1'\/><\/stream:stream>$/,
    )
    expect([client.status, time.timerCount]).toEqual([{ state: 'offline' }, 0])
  })

  test.each([
    ['with stream management', {}],
    ['without', undefined],
  ])('takes three seconds at most, whatever the server does: %s', async (_title, management) => {
    await using server = await scriptedServer(async (peer) => {
      await peer.secured()
      await peer.login()
      await peer.bind(management ? { management: { autoAck: false } } : {})
      await peer.closed
    }, account)
    const network = faultTransport(server.transport())
    const { client } = observe(network)
    await time.until(client.online())
    const sends = ten.map((each) => client.send(each))
    for (const { acked } of sends) acked.catch(() => {})
    network.stall('up')
    network.pauseReading('up')
    const began = time.now()
    const closed = client.close()
    expect(client.close(), 'twice is once').toBeInstanceOf(Promise)
    await time.until(closed)
    expect(time.now() - began).toBeLessThanOrEqual(3000)
    const outcomes = await Promise.allSettled(sends.map(({ acked }) => acked))
    expect(outcomes.map(({ status }) => status)).toEqual(Array(10).fill('rejected'))
    expect(time.timerCount).toBe(0)
  })

  test('twice at once says goodbye once', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: {} })
      await letGo(peer)
    }, account)
    const { client } = observe(server.transport())
    await time.until(client.online())
    await time.until(Promise.all([client.close(), client.close(), client[Symbol.asyncDispose]()]))
    await client.close()
    const received = server.peers[0]?.received
    expect([count(received, `type='unavailable'`), count(received, '</stream:stream>')]).toEqual([1, 1])
  })

  const slowly = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  test.each([
    ['in its store', ({ store }: PluginContext) => store.batch([{ key: 'k', record: undefined }])],
    ['elsewhere', ({ waitUntil }: PluginContext, ms: number) => waitUntil(slowly(ms))],
    ['one after the other', ({ store }: PluginContext) => store.batch([]).then(() => store.batch([]))],
  ])('waits for what a plugin is storing, %s, for a second', async (_title, write) => {
    for (const [ms, waited] of [
      [400, true],
      [5000, false],
    ] as const) {
      await using server = await scriptedServer(async (peer) => {
        await peer.online()
        await letGo(peer)
      }, account)
      const memory = memoryStore()
      const isSlow = ([change]: readonly { readonly key: string }[]) =>
        change === undefined || /keeper/.test(change.key)
      let context: PluginContext | undefined
      const setup = (given: PluginContext) => {
        context = given
      }
      const keeper: AnyPlugin = { name: 'keeper', needs: {}, setup }
      const store = { ...memory, batch: (changes: []) => (isSlow(changes) ? slowly(ms) : memory.batch(changes)) }
      const { client } = observe(server.transport(), { plugins: [keeper], store })
      await time.until(client.online())
      let isStored = false
      const writing = write(context as unknown as PluginContext, ms).then(() => {
        isStored = true
      })
      const began = time.now()
      await time.until(client.close())
      expect([isStored, time.now() - began <= 3000]).toEqual([waited, true])
      await time.until(writing, 20_000)
    }
  })

  test('at whatever moment of its login is offline, and nobody waits for ever', async () => {
    for (let turns = 0; turns < 60; turns++) {
      await using server = await scriptedServer(async (peer) => {
        await peer.online()
        await letGo(peer)
      }, account)
      let onBound: () => void = () => {}
      const { client } = observe(tapped(server.transport(), (text) => void (/<jid>/.test(text) && onBound())))
      let closed: Promise<void> | undefined
      onBound = async () => {
        for (let n = 0; n < turns; n++) await null
        closed = client.close()
      }
      const online = client.online().then(
        () => 'online',
        () => 'closed',
      )
      await time.until(server.peer(0).then((peer) => peer.closed))
      expect(['online', 'closed']).toContain(await online)
      await time.until(closed as Promise<void>, 10_000)
      expect([client.status, time.timerCount]).toEqual([{ state: 'offline' }, 0])
    }
  })
})

describe('R-049 a server that closes the stream', () => {
  const closing: Script = async (peer) => {
    await peer.online({ management: {} })
    await peer.expect(/<presence/)
    await peer.close()
    await peer.closed
  }

  test('is answered in kind; then the client comes back with a new session', async () => {
    const again: Script = async (peer) => {
      await accept(peer) // and there is nothing to resume
      await letGo(peer)
    }
    await using server = await scriptedServer([closing, again], account)
    const { client, statuses, delays, next } = observe(server.transport())
    const waiting = next('waiting')
    await time.until(client.online())
    expect(await time.until(waiting)).toMatchObject({ error: { name: 'ConnectionError', code: 'closed' } })
    expect(server.peers[0]?.received).toMatch(/<\/stream:stream>$/)
    await time.until(next('online'))
    expect(delays()).toHaveLength(1)
    expect(delays()[0]).toBeGreaterThanOrEqual(500)
    expect(statuses.at(-1)).toMatchObject({ state: 'online', resumed: false })
    await time.until(client.close())
  })

  test('is not visited again if the client was asked to stop', async () => {
    await using server = await scriptedServer(closing, account)
    const { client, next } = observe(server.transport())
    const waiting = next('waiting')
    await time.until(client.online())
    await time.until(waiting)
    await client.close()
    await time.advance(600_000)
    expect([server.peers.length, client.status, time.timerCount]).toEqual([1, { state: 'offline' }, 0])
  })
})

describe('R-050 a client that waits', () => {
  test('stops at once, however long the wait', async () => {
    const network = faultTransport((await scriptedServer([], account)).transport())
    network.refuse()
    const { client, delays } = observe(network)
    const online = client.online()
    online.catch(() => {})
    await time.advance(3_600_000)
    expect(delays().at(-1)).toBeGreaterThanOrEqual(150_000)
    const { acked } = client.send(say('never'))
    acked.catch(() => {})
    const before = time.now()
    await client.close()
    expect(time.now()).toBe(before)
    await expect(online).rejects.toMatchObject({ code: 'stopped' })
    await expect(acked).rejects.toMatchObject({ code: 'stopped' })
    expect(time.timerCount).toBe(0)
    await time.advance(3_600_000)
    expect(client.status).toEqual({ state: 'offline' })
  })

  test('stops at once in the middle of an attempt, too', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.secured()
      await peer.streamHeader()
      await peer.closed // says nothing more
    }, account)
    const { client } = observe(server.transport())
    const online = client.online()
    online.catch(() => {})
    await time.advance(3000)
    const before = time.now()
    await time.until(client.close())
    expect(time.now()).toBe(before)
    await expect(online).rejects.toMatchObject({ code: 'stopped' })
    expect([server.peers.length, client.status, time.timerCount]).toEqual([1, { state: 'offline' }, 0])
  })
})

describe('R-053 a clock that jumps', () => {
  test.each([3_600_000, -3_600_000])('by %i ms changes no wait, no probe and no deadline', async (jump) => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: {} })
      await letGo(peer)
    }, account)
    const network = faultTransport(server.transport())
    const { client, next } = observe(network)
    network.refuse()
    const waiting = next('waiting')
    client.online().catch(() => {})
    const { delay } = (await time.until(waiting)) as { delay?: number }
    const { now } = Date
    const clock = Date
    const jumped: DateConstructor = new Proxy(clock, {
      construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now() + jump] : args),
      get: (target, key) => (key === 'now' ? () => now() + jump : Reflect.get(target, key)),
    })
    globalThis.Date = jumped
    try {
      network.heal()
      await time.advance((delay ?? 0) - 1)
      expect(network.connectionCount).toBe(0)
      const online = next('online')
      await time.advance(1)
      await time.until(online)
      const asked = (): number => count(server.peers[0]?.received, /<r xmlns='urn:xmpp:sm:3'/)
      await time.advance(59_000)
      expect([asked(), client.status.state]).toEqual([0, 'online'])
      await time.advance(1000)
      expect([asked(), client.status.state]).toEqual([1, 'online'])
      await expect(time.until(client.send(say('x', alice)).acked)).resolves.toBeUndefined()
      await time.until(client.close())
    } finally {
      globalThis.Date = clock
    }
  })
})
