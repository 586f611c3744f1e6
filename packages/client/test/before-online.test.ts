import { type ClientOptions, memoryStore, type StateStore } from '@couplet/client'
import { startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CrashingStore } from './crashing-store.js'
import { bob, observe, say, users } from './outage.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

const noNetwork = { isOnline: false, onChange: () => ({ dispose() {} }) }

/** What a promise has come to so far. */
function outcome(promise: Promise<unknown>): () => string {
  let outcome = 'pending'
  promise.then(
    () => {
      outcome = 'done'
    },
    (error: { code?: string }) => {
      outcome = error.code ?? String(error)
    },
  )
  return () => outcome
}

/** A process of alice's that is never online, and dies when it is told to. */
function process(disk: StateStore, options: Partial<ClientOptions> = {}) {
  const store = new CrashingStore(() => {}, disk)
  const nowhere = { name: 'nowhere', schemes: [], connect: () => new Promise<never>(() => {}) }
  return { ...observe(nowhere, { store, network: noNetwork, ...options }), store }
}

/** What the next process of alice's sends. */
async function sentFrom(disk: StateStore, ...more: readonly string[]): Promise<readonly (string | undefined)[]> {
  await using server = await startLoopback({ users })
  const friend = observe(server.transport(), { jid: bob })
  const next = observe(server.transport(), { store: disk })
  for (const body of more) next.client.send(say(body))
  await time.until(Promise.all([friend.client.online(), next.client.online()]))
  await time.until(next.client.send(say('last')).acked)
  await time.advance(1000)
  await time.until(Promise.all([friend.client.close(), next.client.close()]))
  return friend.bodies
}

describe('R-029 a message that is sent before online()', () => {
  test('and is accepted is sent by the next process, also if this one never calls online()', async () => {
    const disk = memoryStore()
    const { client, store } = process(disk)
    await time.until(client.send(say('1')).accepted)
    client.online().catch(() => {})
    await time.until(client.send(say('2')).accepted)
    store.die()
    await time.until(client.close())
    expect(await sentFrom(disk)).toEqual(['1', '2', 'last'])
  })

  test('goes behind what an earlier process has left', async () => {
    const disk = memoryStore()
    const first = process(disk)
    await time.until(first.client.send(say('1')).accepted)
    first.store.die()
    const second = process(disk)
    await time.until(second.client.send(say('2')).accepted)
    second.store.die()
    expect(await sentFrom(disk, '3')).toEqual(['1', '2', '3', 'last'])
    await time.until(Promise.all([first.client.close(), second.client.close()]))
  })

  test('is not accepted before it is stored', async () => {
    const { client, store } = process(memoryStore())
    store.dieAt(1, 'before')
    const accepted = outcome(client.send(say('1')).accepted)
    await time.advance(5000)
    expect(accepted()).toBe('pending')
    await time.until(client.close())
    expect(accepted()).toBe('stopped')
  })

  test.each([
    ['whose store cannot be read', { get: () => Promise.reject(new Error('broken')) }],
    ['whose store is used by another one', { claim: async () => undefined }],
  ])('is accepted in a process %s', async (_, broken) => {
    const store = { ...memoryStore(), batch: vi.fn(async () => {}), ...broken }
    const { client } = process(store, { store })
    await time.until(client.send(say('1')).accepted)
    expect(store.batch).not.toHaveBeenCalled()
    await time.until(client.close())
  })

  test('leaves the store to others, and nothing in it, when the client is closed', async () => {
    const disk = memoryStore()
    const first = process(disk, { store: disk })
    const { acked, accepted } = first.client.send(say('1'))
    await time.until(accepted)
    const failed = outcome(acked)
    await time.until(first.client.close())
    expect(failed()).toBe('stopped')
    expect(await sentFrom(disk)).toEqual(['last'])
  })

  test('and closed at once, keeps nothing either', async () => {
    const disk = memoryStore()
    const first = process(disk, { store: disk })
    const accepted = outcome(first.client.send(say('1')).accepted)
    await time.until(first.client.close())
    await time.advance(1000)
    expect(accepted()).toBe('stopped')
    expect(await sentFrom(disk)).toEqual(['last'])
  })

  test('of an anonymous client is accepted without the store', async () => {
    const { client, store } = process(memoryStore(), { jid: 'example.org', password: undefined, anonymous: true })
    await time.until(client.send(say('1')).accepted)
    expect(store.batches).toBe(0)
    await time.until(client.close())
  })
})
