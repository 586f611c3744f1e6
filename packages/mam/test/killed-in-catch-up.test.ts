import { type Client, createClient, memoryStore, type StateStore } from '@couplet/client'
import { disco } from '@couplet/disco'
import { message } from '@couplet/stanza'
import { faultTransport, type LoopbackServer, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MamOptions, mam } from '../src/mam.js'

let time: VirtualTime
let server: LoopbackServer
let disk: StateStore
const open: Client[] = []
beforeEach(async () => {
  time = virtualTime()
  // Otherwise it would deliver what was missed by itself.
  server = await startLoopback({ users: { me: 'pw', friend: 'pw' }, bind2ClearsOffline: true })
  disk = memoryStore()
})
afterEach(async () => {
  await time.until(Promise.all(open.splice(0).map((client) => client.close())))
  await time.until(server.stop())
  time.restore()
})

interface ProcessOptions {
  /** How many missed messages its handler is done with; with the others not until `finish`. */
  readonly done?: number
  /** The missed message with which it is killed. */
  readonly killedWith?: string
  readonly settings?: MamOptions
  /** Milliseconds each way: what the server sends at once comes at once. */
  readonly latency?: number
}

/** A process of the account, which can be killed: nobody hears of it any more. */
async function started({ done = Number.POSITIVE_INFINITY, killedWith, settings, latency = 0 }: ProcessOptions = {}) {
  const network = faultTransport(server.transport())
  network.latency(latency)
  let isAlive = true
  const batch: StateStore['batch'] = (changes) => (isAlive ? disk.batch(changes) : new Promise(() => {}))
  const kill = (): void => {
    isAlive = false
    network.refuse()
    network.cutNow()
  }
  const store: StateStore = { get: (key) => disk.get(key), batch }
  const options = { jid: 'me@example.org', password: 'pw', store, transports: [network] }
  const client = createClient({ ...options, plugins: [disco(), mam(settings ?? { catchUp: true })] })
  open.push(client)
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const seen: string[] = []
  const statuses: unknown[] = []
  client.on('status', (status) => void (status.state === 'online' && statuses.push(status.resumed)))
  client.onMessage(({ body = '' }) => void (isAlive && seen.push(body)))
  client.mam.onMissed(({ body = '' }) => {
    if (isAlive) seen.push(body)
    if (body === killedWith) kill()
    return done-- > 0 ? undefined : finished
  })
  let caughtUp = 0
  client.mam.onCaughtUp(() => void caughtUp++)
  void client.online().catch(() => {})
  await time.advance(3000)
  return { client, seen, statuses, kill, finish, caughtUp: () => caughtUp }
}

/** Somebody who writes to an account that was online once. */
async function setUp() {
  const friend = createClient({ jid: 'friend@example.org', password: 'pw', transports: [server.transport()] })
  open.push(friend)
  await time.until(friend.online())
  const zero = await started()
  await time.until(zero.client.close())
  const write = async (...bodies: string[]): Promise<void> => {
    for (const body of bodies)
      await time.until(friend.send(message({ to: 'me@example.org', type: 'chat', body })).acked)
    await time.advance(1000)
  }
  return { write }
}

describe('R-029 R-036 a process is killed while its handlers work through what was missed', () => {
  test('the next one goes on with its session, and gets that, and then what came meanwhile', async () => {
    const { write } = await setUp()
    await write('a0', 'a1', 'a2')
    const first = await started({ done: 0 })
    expect(first.seen).toEqual(['a0', 'a1', 'a2'])
    first.kill()
    await time.advance(1000)
    await write('b0', 'b1', 'b2')
    const second = await started()
    expect([second.statuses, second.seen]).toEqual([[true], ['a0', 'a1', 'a2', 'b0', 'b1', 'b2']])
    await write('c0')
    second.kill()
    await time.advance(1000)
    const third = await started()
    expect([third.statuses, third.seen]).toEqual([[true], []])
    await write('d0')
    expect(third.seen).toEqual(['d0'])
  })

  test('so does the one after that, if the next one is killed as well', async () => {
    const { write } = await setUp()
    await write('a0', 'a1')
    const first = await started({ done: 0 })
    first.kill()
    await time.advance(1000)
    await write('b0')
    const second = await started({ done: 1 })
    expect([second.statuses, second.seen]).toEqual([[true], ['a0', 'a1', 'b0']])
    second.kill()
    await time.advance(1000)
    await write('c0')
    const third = await started()
    expect(third.statuses).toEqual([true])
    expect(third.seen.slice(-2)).toEqual(['a1', 'c0'])
    await time.until(third.client.close())
    await write('d0')
    const fourth = await started()
    expect([fourth.statuses, fourth.seen]).toEqual([[false], ['d0']])
  })
  test('the store learns when they are done, so that the next one does not ask again', async () => {
    const { write } = await setUp()
    await write('a0', 'a1')
    const first = await started({ done: 1 })
    first.finish()
    await time.advance(1000)
    first.kill()
    await time.advance(1000)
    await write('b0')
    const second = await started()
    expect([second.statuses, second.seen, second.caughtUp()]).toEqual([[true], ['b0'], 0])
  })
  test('what comes together with the word that the session goes on waits for what was missed before it', async () => {
    const { write } = await setUp()
    await write('a0', 'a1', 'a2', 'a3', 'a4', 'a5')
    await started({ killedWith: 'a1', settings: { catchUp: { pageSize: 2 } } })
    await write('b0', 'b1', 'b2')
    const second = await started({ latency: 40 })
    expect(second.statuses).toEqual([true])
    expect(second.seen.slice(-7)).toEqual(['a2', 'a3', 'a4', 'a5', 'b0', 'b1', 'b2'])
    await write('c0')
    expect(second.seen.at(-1)).toBe('c0') // and nothing waits any more
  })

  test('it does not wait if there was nothing', async () => {
    const { write } = await setUp()
    const first = await started()
    first.kill()
    await time.advance(1000)
    await write('b0', 'b1', 'b2')
    const second = await started({ latency: 40 })
    expect([second.statuses, second.seen, second.caughtUp()]).toEqual([[true], ['b0', 'b1', 'b2'], 0])
  })
})
