import { memoryStore, type StateStore } from '@couplet/client'
import { faultTransport, type LoopbackServer, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CrashingStore, type Death } from './crashing-store.js'
import { alice, bob, observe, say, users } from './outage.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

/** A process of alice's: it notes what it has handled, which takes a moment, as long as it lives. */
function process(server: LoopbackServer, handled: string[], disk?: StateStore) {
  const network = faultTransport(server.transport())
  const store = new CrashingStore(() => {
    network.cutNow()
    network.refuse()
  }, disk)
  const { client, errors } = observe(network, { jid: alice, store })
  client.onMessage(async ({ body }) => {
    await new Promise((resolve) => setTimeout(resolve, 200))
    if (!store.isDead) handled.push(body ?? '')
  })
  return { client, store, network, errors }
}

const numbers = (letter: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${letter}${from + i}`)

const twice = (list: readonly (string | undefined)[]): (string | undefined)[] =>
  list.filter((each, i) => list.indexOf(each) !== i)

/** Two processes of one account, the first of which dies at a batch of its store. @returns whether it got that far */
async function play(at: number, death: Death, isForgotten: boolean): Promise<boolean> {
  await using server = await startLoopback({ users })
  const friend = observe(server.transport(), { jid: bob })
  const handled: string[] = []
  const first = process(server, handled)
  await time.until(Promise.all([friend.client.online(), first.client.online()]))
  await time.advance(1000)
  const base = Number(first.store.session.handled)
  first.store.dieAt(at, death)
  for (const body of numbers('b', 1, 4)) friend.client.send(say(body, alice))
  const sends = numbers('a', 1, 4).map((body) => first.client.send(say(body, bob)))
  for (const { acked } of sends) acked.catch(() => {})
  await time.advance(3000)
  const { isDead, session } = first.store
  if (!isDead) first.store.die()
  const recorded = handled.slice(0, Number(session.handled) - base)
  const written = sends.flatMap(({ state }, i) => (state === 'queued' ? [] : [`a${i + 1}`]))
  const known = sends.flatMap(({ state }, i) => (state === 'acked' ? [`a${i + 1}`] : []))
  friend.client.send(say('b5', alice))
  await time.advance(1000)
  if (isForgotten) server.forget(alice)
  await time.until(first.client.close())
  const before = handled.length
  const second = process(server, handled, first.store.disk)
  await time.until(second.client.online())
  await time.until(second.client.send(say('a5', bob)).acked)
  await time.advance(5000)
  expect(second.client.status).toMatchObject({ state: 'online', resumed: !isForgotten })
  const where = `batch ${at}, ${death}`
  expect([...new Set(handled)].sort(), `${where}: handled`).toEqual(numbers('b', 1, 5))
  if (!isForgotten) expect(twice([...recorded, ...handled.slice(before)]), `${where}: handled twice`).toEqual([])
  expect(twice(friend.bodies), `${where}: sent twice`).toEqual([])
  expect(friend.bodies, where).toEqual(expect.arrayContaining([...(isForgotten ? known : written), 'a5']))
  expect(friend.bodies, `${where}: in order`).toEqual([...friend.bodies].sort())
  expect([first.errors, second.errors]).toEqual([[], []])
  await time.until(Promise.all([second.client.close(), friend.client.close()]))
  return isDead
}

describe('S-173 R-029 a process that is killed at any write of its store', () => {
  test.each([
    ['before it is stored', 'before', false],
    ['after it is stored', 'after', false],
    ['before it is stored, and the server has forgotten the session', 'before', true],
    ['after it is stored, and the server has forgotten the session', 'after', true],
  ] as const)('%s: nothing is lost, and nothing that was recorded happens twice', async (_title, death, forgotten) => {
    let at = 1
    while (await play(at, death, forgotten)) at++
    expect(at, 'there were writes to die at').toBeGreaterThan(5)
    expect(time.timerCount).toBe(0)
  })
})

test('S-173 only what is stored is acknowledged, also if the handler throws', async () => {
  await using server = await startLoopback({ users, management: { ackEvery: 1 } })
  const friend = observe(server.transport(), { jid: bob })
  const disk = memoryStore()
  let open: (() => void) | undefined
  const slow: StateStore = {
    get: disk.get,
    batch: async (changes) => {
      if (open === undefined) return disk.batch(changes)
      await new Promise<void>((resolve) => (open = resolve))
      return disk.batch(changes)
    },
  }
  const { client, errors } = observe(server.transport(), { jid: alice, store: slow })
  client.onMessage(() => {
    throw new Error('handler')
  })
  await time.until(Promise.all([friend.client.online(), client.online()]))
  await time.advance(1000)
  open = () => {}
  friend.client.send(say('1', alice))
  await time.advance(1000)
  expect(errors).toMatchObject([{ message: 'handler' }])
  server.drop(alice)
  server.expire(alice) // what was not acknowledged goes to who comes next
  const next = observe(server.transport(), { jid: alice })
  await time.until(next.client.online())
  await time.advance(1000)
  expect(next.bodies).toEqual(['1'])
  open()
  open = undefined
  await time.until(Promise.all([client.close(), next.client.close(), friend.client.close()]))
})

describe('a store that hangs', () => {
  test.each(['get', 'batch'] as const)('in %s holds nobody up who closes', async (method) => {
    await using server = await startLoopback({ users })
    const store = { ...memoryStore(), [method]: () => new Promise<never>(() => {}) }
    const { client } = observe(server.transport(), { jid: alice, store })
    const online = client.online()
    online.catch(() => {})
    const { acked } = client.send(say('1', bob))
    await time.advance(5000)
    await time.until(client.close(), 4000)
    await expect(acked).rejects.toMatchObject({ code: 'stopped' })
    expect(client.status.state).toBe('offline')
    expect(time.timerCount).toBe(0)
  })

  test('when its place is claimed, and gives it back later', async () => {
    await using server = await startLoopback({ users })
    let claimed: (release: () => void) => void = () => {}
    let released = 0
    const claim = () => new Promise<() => void>((resolve) => (claimed = resolve))
    const { client } = observe(server.transport(), { jid: alice, store: { ...memoryStore(), claim } })
    client.online().catch(() => {})
    await time.advance(100)
    await time.until(client.close(), 4000)
    claimed(() => released++)
    await time.settled()
    expect(released).toBe(1)
  })
})

describe('a store that fails', () => {
  test('is reported, and what it did not take goes with the next batch', async () => {
    await using server = await startLoopback({ users })
    const friend = observe(server.transport(), { jid: bob })
    const disk = memoryStore()
    let fails = false
    const store: StateStore = {
      get: disk.get,
      batch: async (changes) => {
        if (fails) throw new Error('disk full')
        await disk.batch(changes)
      },
    }
    const network = faultTransport(server.transport())
    const { client, errors } = observe(network, { jid: alice, store })
    await time.until(Promise.all([client.online(), friend.client.online()]))
    network.stall(undefined, { drop: true })
    fails = true
    client.send(say('1', bob))
    await time.advance(100)
    fails = false
    client.send(say('2', bob))
    await time.advance(100)
    expect(errors).toMatchObject([{ message: 'disk full' }])
    const left = memoryStore()
    const keys = ['session', ...Array.from({ length: 20 }, (_, n) => `session:sent:${n}`)].map(
      (key) => `${alice}/${key}`,
    )
    await left.batch(await Promise.all(keys.map(async (key) => ({ key, record: await disk.get(key) }))))
    network.cutNow()
    await time.until(client.close())
    const next = observe(server.transport(), { jid: alice, store: left })
    await time.until(next.client.online())
    await time.advance(1000)
    expect(next.client.status).toMatchObject({ resumed: true })
    expect(friend.bodies).toEqual(['1', '2'])
    await time.until(Promise.all([next.client.close(), friend.client.close()]))
  })
})

test('what has failed when a client is closed, the next process does not send', async () => {
  await using server = await startLoopback({ users })
  const friend = observe(server.transport(), { jid: bob })
  const disk = memoryStore()
  const store: StateStore = {
    get: disk.get,
    batch: async (changes) => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      await disk.batch(changes)
    },
  }
  const network = faultTransport(server.transport())
  const { client } = observe(network, { jid: alice, store })
  await time.until(Promise.all([client.online(), friend.client.online()]))
  network.stall(undefined, { drop: true })
  const { acked } = client.send(say('1', bob))
  await time.advance(500)
  await time.until(client.close())
  await expect(acked).rejects.toMatchObject({ code: 'stopped' })
  const next = observe(server.transport(), { jid: alice, store: disk })
  await time.until(next.client.online())
  await time.advance(5000)
  expect(friend.bodies).toEqual([])
  await time.until(Promise.all([next.client.close(), friend.client.close()]))
})
