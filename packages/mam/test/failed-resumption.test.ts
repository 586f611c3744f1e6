import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { message } from '@couplet/stanza'
import {
  faultTransport,
  type LoopbackServer,
  seededRandom,
  startLoopback,
  type VirtualTime,
  virtualTime,
} from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mam } from '../src/mam.js'

const alice = 'alice@example.org'
const bob = 'bob@example.org'
/** Of each kind. */
const runs = 50
const count = 100

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

/** A client that notes what it gets. */
function user(server: LoopbackServer, jid: string, transport = server.transport(), hasArchive = false) {
  const options = { jid, password: 'pw', transports: [transport] }
  const client = hasArchive ? createClient({ ...options, plugins: [disco(), mam()] }) : createClient(options)
  const bodies: string[] = []
  client.onMessage(({ body }) => void bodies.push(body ?? ''))
  return { client, bodies }
}

interface Fate {
  readonly acked: readonly string[]
  readonly failed: readonly string[]
  readonly received: readonly string[]
  readonly sessions: readonly boolean[]
}

/** 100 messages, and a connection that breaks somewhere in the middle of them, with the session lost. */
async function play(seed: number, remembers: boolean, hasArchive: boolean): Promise<Fate> {
  await using server = await startLoopback({ users: { alice: 'pw', bob: 'pw' }, management: { remembers } })
  const random = seededRandom(seed)
  const network = faultTransport(server.transport(), { seed })
  const sender = user(server, alice, network, hasArchive)
  const receiver = user(server, bob)
  const sessions: boolean[] = []
  sender.client.on('status', (status) => {
    if (status.state === 'online') sessions.push(status.resumed)
    // Expired, the server may say how far it had come; forgotten, it cannot.
    if (status.state === 'waiting') remembers ? server.expire(alice) : server.forget(alice)
  })
  await time.until(Promise.all([sender.client.online(), receiver.client.online()]))
  await time.advance(1000)
  network.latency(20, 10)
  const direction = random.next() < 0.5 ? 'up' : 'down'
  network.cutAfter(Math.floor(random.next() * (direction === 'up' ? 12_000 : 400)), { direction })
  const sends = Array.from({ length: count }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, Math.floor(i / 5) * 10))
    const { acked } = sender.client.send(message({ to: bob, type: 'chat', body: `${i}` }))
    await acked
    return `${i}`
  })
  const outcomes = await time.until(Promise.allSettled(sends))
  await time.advance(5000)
  await time.until(Promise.all([sender.client.close(), receiver.client.close()]))
  return {
    acked: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    failed: outcomes.flatMap((outcome, i) =>
      outcome.status === 'rejected' && outcome.reason.code === 'unacknowledged' ? [`${i}`] : [],
    ),
    received: receiver.bodies,
    sessions,
  }
}

describe('R-026 a resumption that fails, and 100 messages', () => {
  test.each([
    ['the server says how far it had come, and there is an archive', true, true],
    ['the server has forgotten the session, and there is an archive', false, true],
    ['the server says how far it had come, and there is no archive', true, false],
    ['the server has forgotten the session, and there is no archive', false, false],
  ] as const)('%s', { timeout: 120_000 }, async (_title, remembers, hasArchive) => {
    let cuts = 0
    let doubts = 0
    for (let seed = 1; seed <= runs; seed++) {
      const { acked, failed, received, sessions } = await play(seed, remembers, hasArchive)
      const where = `seed ${seed}`
      expect(acked.length + failed.length, `${where}: an outcome each`).toBe(count)
      expect(new Set(received).size, `${where}: none twice`).toBe(received.length)
      expect(received, `${where}: what is acknowledged has arrived`).toEqual(expect.arrayContaining([...acked]))
      const inOrder = [...received].sort((a, b) => Number(a) - Number(b))
      expect(received, `${where}: in order`).toEqual(inOrder)
      if (hasArchive) expect(failed, `${where}: nothing is lost`).toEqual([])
      expect(sessions.slice(1), `${where}: never resumed`).not.toContain(true)
      cuts += sessions.length - 1
      doubts += failed.length
    }
    expect(cuts, 'most runs were cut').toBeGreaterThan(runs / 2)
    if (!hasArchive && !remembers) expect(doubts, 'some messages were in doubt').toBeGreaterThan(0)
  })
})
