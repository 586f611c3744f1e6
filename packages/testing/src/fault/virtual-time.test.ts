import { setTimeout as realSleep } from 'node:timers/promises'
import { createClient } from '@couplet/client'
import { afterEach, describe, expect, test } from 'vitest'
import { startLoopback } from '../loopback/loopback-server.js'
import { faultTransport } from './fault-transport.js'
import { type VirtualTime, virtualTime } from './virtual-time.js'

let time: VirtualTime | undefined
const begin = (): VirtualTime => {
  time = virtualTime({ start: new Date('2026-01-01T00:00:00Z') })
  return time
}
afterEach(() => time?.restore())

describe('virtual time', () => {
  test('stands still until it is moved, and then runs timers in order', async () => {
    const time = begin()
    const log: string[] = []
    const note = (text: string): void => void log.push(`${text} ${time.now()}`)
    setTimeout(note, 20, 'b')
    setTimeout(note, 10, 'a')
    const taken = setTimeout(note, 15, 'never')
    const interval = setInterval(note, 8, 'tick')
    clearTimeout(taken)
    await realSleep(30)
    expect(log).toEqual([])
    await time.advance(16)
    clearInterval(Number(interval)) // browsers have numbers
    await time.advance(100)
    expect(log).toEqual(['tick 8', 'a 10', 'tick 16', 'b 20'])
    expect(time.timerCount).toBe(0)
    expect(time.now()).toBe(116)
  })

  test('is what clocks show', async () => {
    const time = begin()
    expect(performance.now()).toBe(0)
    expect(new Date().toISOString()).toBe('2026-01-01T00:00:00.000Z')
    await time.advance(3_600_000)
    expect(performance.now()).toBe(3_600_000)
    expect(Date.now()).toBe(Date.UTC(2026, 0, 1, 1))
    expect(new Date()).toBeInstanceOf(Date)
    expect(new Date(5).getTime()).toBe(5)
    expect(Date()).toContain('2026')
    expect(new (class Later extends Date {})().getTime()).toBe(Date.now())
  })

  test('lets promises, turns of the event loop and cryptography come to their end between timers', async () => {
    const time = begin()
    const log: string[] = []
    setTimeout(async () => {
      await crypto.subtle.digest('SHA-256', new Uint8Array(1_000_000))
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`work of 10 done at ${time.now()}`)
      setTimeout(() => log.push(`set in between, at ${time.now()}`), 5)
    }, 10)
    setTimeout(() => log.push(`at ${time.now()}`), 20)
    await time.advance(20)
    expect(log).toEqual(['work of 10 done at 10', 'set in between, at 15', 'at 20'])
  })

  test('until a promise is settled, and no further', async () => {
    const time = begin()
    const later = new Promise<string>((resolve) => setTimeout(resolve, 60_000, 'done'))
    setTimeout(() => {}, 70_000)
    expect(await time.until(later)).toBe('done')
    expect(time.now()).toBe(60_000)
    await expect(time.until(Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(time.until(new Promise(() => {}), 5000)).rejects.toThrow('within 5000 ms')
    expect(await time.until(realSleep(5, 'a real thing'))).toBe('a real thing')
  })

  test('signals time out on it; timers have the methods of real ones', async () => {
    const time = begin()
    const signal = AbortSignal.timeout(1000)
    let runs = 0
    const timer = setTimeout(() => runs++, 600)
    expect(timer.unref().ref().hasRef()).toBe(true)
    await time.advance(500)
    timer.refresh()
    await time.advance(500)
    expect(runs).toBe(0)
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
    await time.advance(100)
    expect(runs).toBe(1)
    setTimeout(() => runs++, 1).close()
    await time.advance(1)
    expect(runs).toBe(1)
  })

  test('one at a time, moved by one at a time; real time comes back', async () => {
    const { setTimeout: real, Date: RealDate } = globalThis
    const before = real(() => {}, 1_000_000)
    {
      using time = virtualTime()
      expect(() => virtualTime()).toThrow(TypeError)
      const moving = time.advance(10)
      await expect(time.advance(10)).rejects.toThrow(TypeError)
      await moving
      await expect(time.advance(-1)).rejects.toThrow(RangeError)
      clearTimeout(before) // a real timer, which would keep the process alive
      expect(setTimeout).not.toBe(real)
    }
    expect(setTimeout).toBe(real)
    expect(Date).toBe(RealDate)
    expect(performance.now()).toBeGreaterThan(0)
    expect(Object.hasOwn(performance, 'now')).toBe(false)
    time = virtualTime()
  })

  test('what a timer throws comes out of advance', async () => {
    const time = begin()
    setTimeout(() => {
      throw new Error('in a timer')
    }, 1)
    await expect(time.advance(1)).rejects.toThrow('in a timer')
  })
})

describe('a client in virtual time', () => {
  test('R-015 thirty minutes without a server: it tries ever more rarely, and is back by itself', async () => {
    const time = begin()
    await using server = await startLoopback({ users: { u: 'p' } })
    const network = faultTransport(server.transport())
    await using client = createClient({ jid: 'u@example.org', password: 'p', transports: [network] })
    await time.until(client.online())
    await time.advance(60_000)
    const delays: number[] = []
    client.on('status', (status) => void (status.state === 'waiting' && delays.push(status.delay)))

    network.refuse()
    network.cutNow()
    await time.advance(30 * 60_000)
    expect(client.status.state).toBe('waiting')
    expect(network.refusedCount).toBe(delays.length - 1)
    for (const delay of delays) expect(delay).toBeLessThanOrEqual(300_000)
    expect(delays.at(-1)).toBeGreaterThanOrEqual(150_000)
    expect(delays.length).toBeGreaterThanOrEqual(8)

    network.heal()
    await time.until(client.online(), 300_000)
    expect(server.sessions).toHaveLength(1)
    expect(network.connectionCount).toBe(2)
  })

  test('the time for an attempt runs out in front of a server that says nothing', async () => {
    const time = begin()
    await using server = await startLoopback({ users: { u: 'p' } })
    const network = faultTransport(server.transport())
    network.stall('down')
    const options = { jid: 'u@example.org', password: 'p', transports: [network], reconnect: false }
    await using client = createClient(options)
    const failed = client.online().catch((error: unknown) => error)
    expect(await time.until(failed)).toMatchObject({ name: 'ConnectionError', code: 'timeout' })
    expect(time.timerCount).toBe(0)
  })
})
