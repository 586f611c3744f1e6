import type { ConnectOptions } from '@couplet/client'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { dial, turn, wire } from '../../test/faulted-pair.js'
import { memoryTransport } from '../wire/memory-channel.js'
import { faultTransport } from './fault-transport.js'

afterEach(() => vi.useRealTimers())

describe('a transport with faults', () => {
  test('without any is as good as the transport itself', async () => {
    const { network, link, client, server, atClient, atServer } = await wire()
    client.write('question é')
    server.write('answer')
    await turn()
    client.end()
    client.write('late')
    await link.closed()
    await turn()
    expect(atServer).toEqual(['question é', 'closed'])
    expect(atClient).toEqual(['answer', 'closed'])
    expect(link.bytes).toEqual({ up: 11, down: 6 })
    expect(network.bytes).toEqual({ up: 11, down: 6 })
    expect([network.name, client.endpoint, client.secure, client.framed]).toEqual(['memory', 'memory:', true, false])
    expect([network.connections, network.connectionCount]).toEqual([[], 1])
  })

  test('cuts down to the byte, in the middle of a chunk', async () => {
    const { link, client, server, atClient, atServer } = await wire()
    link.cutAfter(8, { direction: 'down' })
    client.write('not counted')
    server.write('12345')
    server.write('67890')
    await link.closed()
    await turn()
    expect(atClient).toEqual(['12345', '678', 'broken'])
    expect(atServer).toEqual(['not counted', 'closed'])
    expect([link.isOpen, link.bytes.down]).toEqual([false, 8])
  })

  test('cuts by an orderly end, upwards, where a character that is divided is lost', async () => {
    const { link, client, atClient, atServer } = await wire()
    link.cutAfter(3, { direction: 'up', how: 'end' })
    client.write('12é4')
    await link.closed()
    await turn()
    expect(atServer).toEqual(['12', 'closed'])
    expect(atClient).toEqual(['closed'])
  })

  test('a cut for all counts on all connections, and happens once', async () => {
    const { network, link, client, server } = await wire()
    network.cutAfter(10)
    client.write('12345')
    await turn()
    const other = await dial(network)
    other.write('67890')
    await expect(network.connected(1).then((second) => second.closed())).resolves.toBeUndefined()
    server.write('more than ten bytes')
    await turn()
    expect(link.isOpen).toBe(true)
    network.cutNow()
    await network.closed()
    expect(link.isOpen).toBe(false)
  })

  test('frames arrive whole or not at all', async () => {
    const { link, client, server, atClient, atServer } = await wire({ framed: true })
    link.split(1)
    client.write('<a/>')
    link.cutAfter(6, { direction: 'down' })
    server.write('<b/>')
    server.write('<c/>')
    await link.closed()
    await turn()
    expect(atServer).toEqual(['<a/>', 'closed'])
    expect(atClient).toEqual(['<b/>', 'broken'])
  })

  test('splits into pieces', async () => {
    const { link, client, server, atClient, atServer } = await wire()
    link.split(2)
    client.write('12345')
    link.split(1, 'down')
    server.write('é')
    await turn()
    expect(atServer).toEqual(['12', '34', '5'])
    expect(atClient).toHaveLength(2)
  })

  test('a black hole holds what is sent, and even the news that the client is gone', async () => {
    const { network, link, client, server, atClient, atServer } = await wire()
    network.stall()
    client.write('up')
    server.write('down')
    await turn()
    expect([atClient, atServer, client.buffered]).toEqual([[], [], 0])
    client.destroy()
    await turn()
    expect([atClient, atServer, link.isOpen]).toEqual([['closed'], [], true])
    network.resume()
    await link.closed()
    await turn()
    expect([atClient, atServer]).toEqual([['closed'], ['up', 'closed']])
  })

  test('or loses what is sent', async () => {
    const { link, client, atServer } = await wire()
    link.stall('up')
    client.write('a')
    link.stall('up', { drop: true })
    client.write('b')
    link.resume('up')
    client.write('c')
    await turn()
    expect(atServer).toEqual(['c'])
  })

  test('who does not read makes the sender wait', async () => {
    const { link, client, server, atClient, atServer } = await wire()
    link.pauseReading()
    client.write('x'.repeat(100_000))
    client.end()
    server.write('y')
    let drained = false
    const waiting = client.drained().then(() => {
      drained = true
    })
    await turn()
    expect([client.buffered, drained, atServer, atClient]).toEqual([100_000, false, [], []])
    link.resume()
    await waiting
    await link.closed()
    await turn()
    expect([client.buffered, atServer.at(-1), atClient]).toEqual([0, 'closed', ['y', 'closed']])
  })

  test('a client that reads no more gets the rest later', async () => {
    const { client, server, atClient } = await wire()
    client.pause(true)
    server.write('a')
    server.end()
    await turn()
    expect(atClient).toEqual([])
    client.pause(false)
    await turn()
    expect(atClient).toEqual(['a', 'closed'])
  })

  test('latency is on the timers of the test; the order stays', async () => {
    vi.useFakeTimers()
    const { network, link, client, server, atClient, atServer } = await wire({ seed: 5 })
    network.latency(100, 50)
    for (const text of ['a', 'b', 'c', 'd', 'e']) client.write(text)
    await vi.advanceTimersByTimeAsync(49)
    expect(link.bytes.up).toBe(0)
    await vi.advanceTimersByTimeAsync(101)
    await turn()
    expect(atServer.join('')).toBe('abcde')
    network.latency(0)
    server.write('now')
    await turn()
    expect(atClient).toEqual(['now'])
    link.latency(1000)
    client.write('held')
    link.heal()
    await turn()
    expect(atServer.at(-1)).toBe('held')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('TLS begins when what was sent in the clear is through, or not at all', async () => {
    vi.useFakeTimers()
    const startTls = vi.fn(async () => {})
    const inner = memoryTransport(
      () => {},
      () => true,
    )
    const connect = async (options: ConnectOptions) => Object.assign(await inner.connect(options), { startTls })
    const network = faultTransport({ ...inner, connect })
    const client = await dial(network)
    network.latency(100)
    client.write('<starttls/>')
    const upgraded = client.startTls?.(new AbortController().signal)
    await vi.advanceTimersByTimeAsync(99)
    expect(startTls).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await upgraded
    expect(startTls).toHaveBeenCalledOnce()

    network.stall()
    client.write('<starttls/>')
    const giveUp = new AbortController()
    const never = client.startTls?.(giveUp.signal)
    giveUp.abort(new Error('enough'))
    await expect(never).rejects.toThrow('enough')
    expect(startTls).toHaveBeenCalledOnce()
  })

  test('connecting takes a round trip, and can be given up', async () => {
    vi.useFakeTimers()
    const { network } = await wire()
    network.latency(100)
    const second = dial(network)
    await vi.advanceTimersByTimeAsync(199)
    expect(network.connectionCount).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    await second
    const giveUp = new AbortController()
    const third = dial(network, giveUp.signal)
    giveUp.abort(new Error('enough'))
    await expect(third).rejects.toThrow('enough')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a rate lets so much pass in a second', async () => {
    vi.useFakeTimers()
    const { link, client } = await wire()
    link.rate(1000)
    client.write('x'.repeat(3000))
    await vi.advanceTimersByTimeAsync(1000)
    expect(link.bytes.up).toBe(1000)
    await vi.advanceTimersByTimeAsync(2000)
    expect(link.bytes.up).toBe(3000)
  })

  test('refuses connections, and stops', async () => {
    const { network, atClient } = await wire()
    network.refuse()
    await expect(dial(network)).rejects.toMatchObject({ code: 'refused', phase: 'tcp' })
    network.heal()
    await dial(network)
    const next = network.connected()
    await network.stop()
    await expect(next).rejects.toThrow('stopped')
    await expect(network.connected()).rejects.toThrow('stopped')
    await expect(dial(network)).rejects.toMatchObject({ code: 'refused' })
    await turn()
    expect([network.refusedCount, network.connectionCount, atClient]).toEqual([2, 2, ['broken']])
  })

  test('faults that are none are refused', async () => {
    const { network } = await wire()
    for (const wrong of [
      () => network.latency(-1),
      () => network.latency(1, -1),
      () => network.split(0),
      () => network.rate(Number.NaN),
      () => network.cutAfter(-1),
    ]) {
      expect(wrong).toThrow(RangeError)
    }
  })
})
