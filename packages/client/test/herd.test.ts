import { faultTransport, seededRandom, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Observed, observe, users } from './outage.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
  vi.spyOn(Math, 'random').mockImplementation(seededRandom(16).next)
})
afterEach(() => time.restore())

const crowd = 1000
/** They say no more than they must: a thousand of anything takes time. */
const quiet = { presence: false, keepAlive: 3_600_000 } as const

/** The most that happened in any second, whenever it began. */
function busiestSecond(moments: readonly number[]): number {
  const sorted = moments.toSorted((a, b) => a - b)
  let from = 0
  let most = 0
  for (const [index, moment] of sorted.entries()) {
    while (moment - (sorted[from] as number) >= 1000) from++
    most = Math.max(most, index - from + 1)
  }
  return most
}

const onlineAt = ({ statuses }: Observed): number => {
  const last = statuses.at(-1)
  return last?.state === 'online' ? last.at : Number.NaN
}

describe('R-016 1,000 clients whose server is killed and comes back', () => {
  test('no more than 5 % of them come in any one second, and all of them come', { timeout: 120_000 }, async () => {
    const server = await startLoopback({ users })
    const network = faultTransport(server.transport())
    const clients = Array.from({ length: crowd }, () => observe(network, quiet))
    await time.until(Promise.all(clients.map(({ client }) => client.online())))
    await time.advance(61_000)

    network.refuse()
    const killed = time.now()
    server.restart()
    await time.advance(10_000)
    const attempts = network.refusedCount
    expect(attempts, 'a lost link is tried at once').toBeGreaterThanOrEqual(crowd)
    network.heal()
    await time.advance(150_000)
    const back = clients.map((each) => onlineAt(each) - killed)
    expect(back.filter(Number.isNaN)).toEqual([])
    expect(busiestSecond(back)).toBeLessThanOrEqual(crowd * 0.05)
    for (const { statuses } of clients) expect(statuses.length).toBeLessThan(20)

    await time.until(Promise.all(clients.map(({ client }) => client.close())))
    await time.until(server.stop())
    expect(time.timerCount).toBe(0)
  })
})
