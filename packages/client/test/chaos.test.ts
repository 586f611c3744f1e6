import { faultTransport, seededRandom, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pingServer } from '../src/elements.js'
import { bob, expectLegal, observe, say, users } from './outage.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

/** What becomes of a promise. */
function fateOf(promise: Promise<unknown>): { state: 'pending' | 'fulfilled' | 'rejected'; reason?: unknown } {
  const fate: ReturnType<typeof fateOf> = { state: 'pending' }
  promise.then(
    () => Object.assign(fate, { state: 'fulfilled' }),
    (reason: unknown) => Object.assign(fate, { state: 'rejected', reason }),
  )
  return fate
}

describe('R-020 connections that are cut at any byte', () => {
  test.each([
    ['resumes', {}],
    ['resumes, without SASL2', { legacy: true }],
    ['knows no stream management', { management: false }],
  ] as const)(
    '750 times, by a server that %s: nothing hangs, and nothing is lost in silence',
    { timeout: 180_000 },
    async (_title, options) => {
      const server = await startLoopback({ users, ...options })
      const random = seededRandom(20)
      const escaped: unknown[] = []
      const note = (error: unknown): void => void escaped.push(error)
      process.on('unhandledRejection', note).on('uncaughtExceptionMonitor', note)
      const receiver = observe(server.transport(), { jid: bob })
      await time.until(receiver.client.online())

      const subjects = Array.from({ length: 250 }, (_, index) => {
        const network = faultTransport(server.transport(), { seed: index })
        for (let cuts = 0; cuts < 3; cuts++) {
          const direction = random.pick(['up', 'down'] as const)
          network.cutAfter(random.below(4000), { direction, how: random.pick(['reset', 'end'] as const) })
        }
        const observed = observe(network, { presence: false })
        return {
          ...observed,
          index,
          network,
          sends: new Map<string, ReturnType<typeof fateOf>>(),
          others: [fateOf(observed.client.online())],
        }
      })
      for (let round = 0; round < 20; round++) {
        for (const { client, index, sends, others } of subjects) {
          const name = `${index}.${round}`
          sends.set(name, fateOf(client.send(say(name)).acked))
          if (round % 5 === 0) others.push(fateOf(client.request(pingServer, true)))
        }
        await time.advance(random.pick([0, 10, 100, 5000]))
      }
      for (const { network } of subjects) network.heal()
      await time.advance(90_000)

      const got = receiver.bodies as readonly string[]
      expect(new Set(got).size, 'nothing comes twice').toBe(got.length)
      for (const { client, index, statuses, sends, others, errors } of subjects) {
        expect([...sends.values(), ...others].filter(({ state }) => state === 'pending')).toEqual([])
        expect(errors).toEqual([])
        expectLegal(statuses)
        expect(['online', 'waiting']).toContain(client.status.state)
        const own = got.filter((body) => body.startsWith(`${index}.`))
        expect(own, 'in order').toEqual(own.toSorted((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1])))
        const acked = [...sends].flatMap(([name, { state }]) => (state === 'fulfilled' ? [name] : []))
        expect(own, 'acked is handled').toEqual(expect.arrayContaining(acked))
        if (!('management' in options)) expect(acked, 'a session that goes on loses nothing').toHaveLength(sends.size)
      }
      const cuts = subjects.reduce(
        (sum, { statuses }) => sum + statuses.filter(({ state }) => state === 'waiting').length,
        0,
      )
      expect(cuts).toBeGreaterThan(500)
      await time.until(Promise.all([...subjects, receiver].map(({ client }) => client.close())))
      await time.until(server.stop())
      expect([escaped, time.timerCount]).toEqual([[], 0])
      process.off('unhandledRejection', note).off('uncaughtExceptionMonitor', note)
    },
  )
})
