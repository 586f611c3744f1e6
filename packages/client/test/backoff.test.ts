import {
  type FaultTransport,
  faultTransport,
  type LoopbackOptions,
  type LoopbackServer,
  startLoopback,
  type VirtualTime,
  virtualTime,
} from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { observe, say, users } from './outage.js'

let time: VirtualTime
let server: LoopbackServer
let network: FaultTransport
beforeEach(() => {
  time = virtualTime()
})
afterEach(async () => {
  await time.until(server.stop())
  time.restore()
})
const start = async (options: LoopbackOptions = {}): Promise<void> => {
  server = await startLoopback({ users, ...options })
  network = faultTransport(server.transport())
}
const chance = (value: number): void => void vi.spyOn(Math, 'random').mockReturnValue(value)

const minutes = 60_000
/** 1 s × 1.7ⁿ up to 300 s, with what chance makes of it. */
const usual = (n: number, random: number): number => Math.min(300_000, 1000 * 1.7 ** n) * (0.5 + random / 2)

describe('R-015 a server that is down for 30 minutes', () => {
  test.each([0, 0.3, 0.999999])(
    'and was never there is tried after U(0.5, 1) × min(300 s, 1 s × 1.7ⁿ), chance %d',
    async (random) => {
      await start()
      chance(random)
      network.refuse()
      const { client, delays, next } = observe(network)
      client.online().catch(() => {})
      await time.advance(30 * minutes)
      expect(delays().length).toBeGreaterThan(10)
      for (const [n, delay] of delays().entries()) expect(delay).toBeCloseTo(usual(n, random), 3)
      expect(network.refusedCount).toBe(delays().length)
      network.heal()
      const back = await time.until(next('online'))
      expect(back.at).toBeLessThanOrEqual(35 * minutes)
      await time.until(client.close())
      expect(time.timerCount).toBe(0)
    },
  )

  test.each([0, 0.3, 0.999999])(
    'and was there before is tried within 1 s, then within 60 s, then patiently, chance %d',
    async (random) => {
      await start()
      chance(random)
      const { client, delays, statuses, next } = observe(network)
      await time.until(client.online())
      await time.advance(2 * minutes)
      network.refuse()
      const lost = next('waiting')
      network.cutNow()
      await time.until(lost)
      const sent = client.send(say('meanwhile'))
      await time.advance(30 * minutes)
      const [first, second, ...more] = delays()
      expect(first).toBeCloseTo(random * 1000, 3)
      // What is closed now may be closed for all: nobody comes back at once.
      expect(second).toBeCloseTo(Math.max(random * 60_000, usual(1, random)), 3)
      for (const [n, delay] of more.entries()) {
        expect(delay).toBeCloseTo(Math.min(300_000, 90_000 * 1.7 ** n) * (0.5 + random / 2), 3)
      }
      expect(more.length).toBeGreaterThan(4)
      network.heal()
      await time.until(sent.acked.catch(() => {}))
      expect(sent.state).toBe('acked')
      expect(statuses.map(({ state }) => state).slice(0, 6)).toEqual([
        'connecting',
        'online',
        'waiting',
        'connecting',
        'waiting',
        'connecting',
      ])
      if (client.status.state !== 'online') await time.until(next('online'))
      await time.until(client.close())
    },
  )

  test.each([0, 0.5, 0.999999])('and said so is tried again after U(0, 60) s, chance %d', async (random) => {
    await start()
    chance(random)
    const { client, delays, error, next } = observe(network)
    await time.until(client.online())
    await time.advance(2 * minutes)
    const waiting = next('waiting')
    server.endStreams('system-shutdown')
    await time.until(waiting)
    expect(error()).toMatchObject({ name: 'StreamError', condition: 'system-shutdown' })
    expect(delays()).toEqual([expect.closeTo(random * 60_000, 3)])
    await time.until(next('online'))
    await time.until(client.close())
  })
})

describe('R-017 a server that accepts, and drops after 5 s', () => {
  test.each([
    ['whose sessions can be resumed', {}],
    ['without stream management', { management: false }],
  ] as const)('is visited ever more rarely: one %s', async (_title, options) => {
    await start(options)
    chance(0)
    const { client, delays, next } = observe(network)
    await time.until(client.online())
    for (let n = 0; n < 14; n++) {
      await time.advance(5000)
      expect(client.status.state).toBe('online')
      const online = next('online')
      network.cutNow()
      await time.until(online)
    }
    const soon = 'management' in options ? usual(0, 0) : 0
    expect(delays()[0]).toBeCloseTo(soon, 3)
    for (const [n, delay] of delays().slice(1).entries()) expect(delay).toBeCloseTo(usual(n + 1, 0), 3)
    expect(delays().at(-1)).toBe(150_000)

    // Nearly a minute is not enough; a minute is.
    await time.advance(59_000)
    const online = next('online')
    network.cutNow()
    await time.until(online)
    expect(delays().at(-1)).toBe(150_000)
    await time.advance(60_000)
    const waiting = next('waiting')
    network.cutNow()
    await time.until(waiting)
    expect(delays().at(-1)).toBeCloseTo(soon, 3)
    await time.until(client.close())
  })
})
