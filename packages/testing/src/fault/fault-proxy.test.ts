import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { FaultOptions } from './fault-network.js'
import { type FaultProxy, startFaultProxy } from './fault-proxy.js'
import { reset } from './proxied-sockets.js'
import { seededRandom } from './seeded-random.js'
import { virtualTime } from './virtual-time.js'

/** One end of a TCP connection, with what it got. */
class End {
  readonly socket: Socket
  got = ''
  readonly chunks: number[] = []
  /** `end`, or the code of the error. */
  readonly over: Promise<string>
  #wake = (): void => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.got += chunk.toString('latin1')
      this.chunks.push(chunk.length)
      this.#wake()
    })
    this.over = new Promise((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      socket.on('end', () => resolve('end'))
    })
  }

  async until(text: string): Promise<void> {
    while (!this.got.includes(text)) await new Promise<void>((resolve) => (this.#wake = resolve))
  }
}

const open: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const close of open.splice(0).reverse()) await close()
})

/** A server, a proxy in front of it, and a way to connect. */
async function wire(options: FaultOptions = {}) {
  const ends: End[] = []
  const waiting: ((end: End) => void)[] = []
  const target = createServer({ allowHalfOpen: true }, (socket) => {
    const end = new End(socket)
    ends.push(end)
    waiting.shift()?.(end)
  }).listen(0, '127.0.0.1')
  await once(target, 'listening')
  const proxy = await startFaultProxy({
    target: { host: '127.0.0.1', ...(target.address() as { port: number }) },
    ...options,
  })
  open.push(() => target.close())
  open.push(() => proxy.stop())
  const dial = async () => {
    const accepted = new Promise<End>((resolve) => waiting.push(resolve))
    const client = new End(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }))
    open.push(() => client.socket.destroy())
    const [server, link] = await Promise.all([accepted, proxy.connected(proxy.connectionCount)])
    return { client, server, link }
  }
  return { proxy, dial, ends }
}

describe('a proxy with faults', () => {
  test('without any passes everything on, and half an end is only half of it', async () => {
    const { proxy, dial } = await wire()
    const { client, server, link } = await dial()
    client.socket.end('question')
    await server.until('question')
    expect(await server.over).toBe('end')
    server.socket.end('answer')
    expect(await client.over).toBe('end')
    expect(client.got).toBe('answer')
    await link.closed()
    expect([link.bytes, proxy.connections]).toEqual([{ up: 8, down: 6 }, []])
    expect(String(proxy.service('wss', '/xmpp'))).toBe(`wss://127.0.0.1:${proxy.port}/xmpp`)
  })

  test('cuts down to the byte, and what passed before arrives', async () => {
    const { dial } = await wire()
    const { below } = seededRandom(11)
    for (let n = 0; n < 100; n++) {
      const { client, server, link } = await dial()
      const bytes = below(1000)
      const direction = n % 2 === 0 ? 'up' : 'down'
      link.cutAfter(bytes, { direction, how: n % 4 < 2 ? 'reset' : 'end' })
      const [from, to] = direction === 'up' ? [client, server] : [server, client]
      from.socket.write('x'.repeat(1000))
      await to.over // a reset right behind data may look like an end
      expect(to.got).toHaveLength(bytes)
      expect(await from.over).toBe(n % 4 < 2 ? 'ECONNRESET' : 'end')
      await link.closed()
    }
  })

  test('a black hole holds everything, also that a side is gone', async () => {
    const { proxy, dial } = await wire()
    const { client, server, link } = await dial()
    proxy.stall('up')
    client.socket.write('held')
    server.socket.write('still here')
    await client.until('still here')
    expect([link.isOpen, server.got]).toEqual([true, ''])
    reset(client.socket)
    await once(client.socket, 'close')
    proxy.resume()
    await server.over
    expect(server.got).toBe('held')
    server.socket.end()
    await proxy.closed()
  })

  test('splits into packets', async () => {
    const { dial } = await wire()
    const { client, server, link } = await dial()
    link.split(10)
    client.socket.write(`${'x'.repeat(95)}.`)
    await server.until('.')
    expect(server.chunks.length).toBeGreaterThan(1)
    expect(link.bytes.up).toBe(96)
  })

  test('delays on real time, whatever the timers of the test are', async () => {
    vi.useFakeTimers()
    const { proxy, dial } = await wire()
    proxy.latency(5, 3)
    proxy.rate(100_000)
    const { client, server } = await dial()
    for (const text of ['a', 'b', 'c', 'd']) client.socket.write(text)
    await server.until('abcd')
    server.socket.write('back')
    await client.until('back')
  })

  test('or on virtual time, if asked to', async () => {
    using time = virtualTime()
    const { dial, proxy } = await wire({ clock: time })
    proxy.latency(60_000)
    const { client, server } = await dial()
    client.socket.write('a minute')
    await time.until(server.until('a minute'))
    expect(time.now()).toBe(60_000)
  })

  test('who does not read makes the sender wait', async () => {
    const { dial } = await wire()
    const { client, server, link } = await dial()
    link.pauseReading('up')
    const chunk = Buffer.alloc(1 << 20)
    while (client.socket.write(chunk)) {} // until the network takes no more
    server.socket.write('the other direction')
    await client.until('the other direction')
    expect(link.bytes.up).toBe(0)
    link.resume()
    await once(client.socket, 'drain')
    expect(client.socket.writableLength).toBe(0)
  })

  test('takes no more from a sender than the receiver does', async () => {
    const { dial } = await wire()
    const { client, server, link } = await dial()
    server.socket.pause()
    const big = Buffer.alloc(32 << 20)
    client.socket.write(big)
    client.socket.end('.')
    server.socket.write('full')
    await client.until('full')
    expect(link.bytes.up).toBeLessThan(big.length)
    server.socket.resume()
    await server.over
    expect(link.bytes.up).toBe(big.length + 1)
  })

  test('refuses connections; a target that is not there is no different', async () => {
    const { proxy } = await wire()
    proxy.refuse()
    const refused = new End(connect(proxy.port, '127.0.0.1'))
    expect(await refused.over).toBe('ECONNRESET')
    expect([proxy.refusedCount, proxy.connectionCount]).toEqual([1, 0])
    const gone = createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const { port } = gone.address() as { port: number }
    await new Promise((resolve) => gone.close(resolve))
    const other: FaultProxy = await startFaultProxy({ target: { host: '127.0.0.1', port } })
    const lost = new End(connect(other.port, '127.0.0.1'))
    expect(await lost.over).toBe('ECONNRESET')
    await other.closed()
    await other.stop()
  })

  test('stops, and leaves nothing', async () => {
    const { proxy, dial } = await wire()
    const { client, server } = await dial()
    const next = proxy.connected()
    await proxy.stop()
    await expect(next).rejects.toThrow('stopped')
    expect(await Promise.all([client.over, server.over])).toEqual(['ECONNRESET', 'ECONNRESET'])
    const late = new End(connect(proxy.port, '127.0.0.1'))
    expect(await late.over).toBe('ECONNREFUSED')
  })

  test('R-008 counts the round trips of a protocol that asks one thing after the other', async () => {
    const { proxy, dial } = await wire()
    proxy.latency(30)
    const { client, server, link } = await dial()
    server.socket.on('data', (chunk: Buffer) => {
      for (const question of String(chunk).match(/\w\?/g) ?? []) server.socket.write(question.replace('?', '!'))
    })
    expect(link.roundTrips).toBe(1)
    for (const [n, letter] of ['a', 'b', 'c'].entries()) {
      client.socket.write(`${letter}?`)
      setImmediate(() => client.socket.write('unasked'))
      await client.until(`${letter}!`)
      expect(link.roundTrips).toBe(n + 2)
    }
  })
})
