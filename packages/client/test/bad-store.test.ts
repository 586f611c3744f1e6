import { type ClientOptions, memoryStore, type StateStore } from '@couplet/client'
import { faultTransport, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { alice, bob, observe, say, users } from './outage.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

/** A store that stops answering when it is told to, and answers what waits when it may. */
function hangingStore() {
  const inner = memoryStore()
  let gate: Promise<void> | undefined
  let open = (): void => {}
  const ready = async (): Promise<StateStore> => {
    await gate
    return inner
  }
  const store: StateStore = {
    get: async (key) => (await ready()).get(key),
    batch: async (changes) => (await ready()).batch(changes),
    claim: async (name) => (await ready()).claim?.(name),
  }
  const hang = (): void => {
    gate = new Promise((resolve) => {
      open = resolve
    })
  }
  const heal = (): void => {
    gate = undefined
    open()
  }
  return { store, hang, heal }
}

async function setUp(options: Partial<ClientOptions>) {
  const server = await startLoopback({ users })
  const friend = observe(server.transport(), { jid: bob })
  await time.until(friend.client.online())
  const network = faultTransport(server.transport())
  const observed = observe(network, options)
  const end = async (): Promise<void> => {
    await time.until(Promise.all([observed.client.close(), friend.client.close()]))
    await server.stop()
  }
  return { ...observed, friend, network, end }
}

const timeout = { name: 'StoreError', code: 'timeout' }

describe('a store that hangs', () => {
  test('delays what is sent, and connecting again, by seconds; the application is told', async () => {
    const { store, hang, heal } = hangingStore()
    const { client, errors, friend, network, next, end } = await setUp({ store })
    await time.until(client.online())
    hang()
    await time.until(client.send(say('1')).acked)
    expect(errors).toMatchObject([timeout])
    network.cutNow()
    const start = performance.now()
    await time.until(next('online'))
    expect(performance.now() - start).toBeLessThan(60_000)
    await time.until(client.send(say('2')).acked)
    heal()
    await time.until(client.send(say('3')).acked)
    expect(friend.bodies).toEqual(['1', '2', '3'])
    await end()
  })

  test('from the beginning: the client is online without it', async () => {
    const { store, hang } = hangingStore()
    hang()
    const { client, errors, friend, end } = await setUp({ store })
    const accepted = client.send(say('1')).accepted
    await time.until(client.online())
    await time.until(Promise.all([accepted, client.send(say('2')).acked]))
    expect(friend.bodies).toEqual(['1', '2'])
    expect(errors).toContainEqual(expect.objectContaining(timeout))
    await end()
  })
})

test.each([
  ['a count that is none', { handled: 'x' }],
  ['endless stanzas', { sent: 1e8 }],
  ['an endless queue', { next: 1e8 }],
])('S-173 a stored session with %s is reported and left alone, and the client is online', async (_, nonsense) => {
  const store = memoryStore()
  const session = { handled: 0, sent: 1, acked: 1, first: 0, next: 0, id: 'sm', jid: `${alice}/x`, ...nonsense }
  const key = `${alice}/session`
  await store.batch([{ key, record: { version: 1, value: session } }])
  const { client, errors, end } = await setUp({ store })
  await time.until(client.online())
  expect(errors).toMatchObject([{ name: 'StoreError', code: 'corrupt' }])
  await time.until(client.send(say('1')).acked)
  expect((await store.get(key))?.value).toEqual(session)
  await end()
})
