import { type ClientEvents, type ClientOptions, memoryStore, type Plugin } from '@couplet/client'
import { faultTransport, type LoopbackOptions, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CrashingStore } from './crashing-store.js'
import { alice, bob, observe, say, users } from './outage.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

const noNetwork = { isOnline: false, onChange: () => ({ dispose() {} }) }

/** A server, and a friend to whom messages go. */
async function setUp(options: Omit<LoopbackOptions, 'users'> = {}) {
  const server = await startLoopback({ users, ...options })
  const friend = observe(server.transport(), { jid: bob })
  await time.until(friend.client.online())
  const disk = memoryStore()
  /** One process of alice's after the other. */
  const next = (options: Partial<ClientOptions> = {}) => {
    const network = faultTransport(server.transport())
    const store = new CrashingStore(() => {
      network.cutNow()
      network.refuse()
    }, disk)
    const observed = observe(network, { jid: alice, store, ...options })
    const unsent: ClientEvents['unsent'][] = []
    observed.client.on('unsent', (event) => unsent.push(event))
    const kill = async (): Promise<void> => {
      store.die()
      await time.until(observed.client.close())
    }
    return { ...observed, network, unsent, kill, disk }
  }
  const end = async (): Promise<void> => {
    await time.until(friend.client.close())
    await server.stop()
  }
  return { server, friend, next, end }
}

/** A process that has kept a message, and was killed before it had a connection. */
async function left(next: Awaited<ReturnType<typeof setUp>>['next']) {
  const first = next({ network: noNetwork })
  first.client.online().catch(() => {})
  await time.advance(1000)
  await time.until(first.client.send(say('1')).accepted)
  await first.kill()
  return first
}

describe('R-029 what an earlier process has left', () => {
  test('in the queue outlasts a process that never has a connection, and is sent by the next one that has', async () => {
    const { friend, next, end } = await setUp()
    await left(next)
    const second = next({ network: noNetwork })
    second.client.online().catch(() => {})
    await time.advance(1000)
    const own = second.client.send(say('2'))
    await time.until(second.client.close())
    await expect(own.acked).rejects.toMatchObject({ code: 'stopped' }) // whoever sent it knows
    const third = next()
    await time.until(third.client.online())
    await time.advance(1000)
    expect([friend.bodies, second.unsent, third.unsent]).toEqual([['1'], [], []])
    await time.until(third.client.close())
    const last = next()
    await time.until(last.client.online())
    await time.advance(1000)
    expect(friend.bodies).toEqual(['1'])
    await time.until(last.client.close())
    await end()
  })

  test('goes on when the same client tries again after an end for good', async () => {
    const { friend, next, end } = await setUp()
    await left(next)
    const second = next({ reconnect: false })
    second.network.refuse()
    await expect(time.until(second.client.online())).rejects.toBeInstanceOf(Error)
    second.network.heal()
    await time.until(second.client.online())
    await time.advance(1000)
    expect(friend.bodies).toEqual(['1'])
    await time.until(second.client.close())
    await end()
  })

  test('is not written over by a process that cannot read it', async () => {
    const { friend, next, end } = await setUp()
    const { disk } = await left(next)
    const problem = new Error('busy')
    const get = (key: string) => (key.endsWith('/session') ? Promise.reject(problem) : disk.get(key))
    const second = next({ store: { get, batch: disk.batch } })
    await time.until(second.client.online())
    await time.until(second.client.send(say('2')).acked)
    expect(second.errors).toEqual([problem])
    await time.until(second.client.close())
    const third = next()
    await time.until(third.client.online())
    await time.advance(1000)
    expect(friend.bodies).toEqual(['2', '1'])
    await time.until(third.client.close())
    await end()
  })

  test('is reported as well when a server without stream management does not say that it has it', async () => {
    const { friend, next, end } = await setUp({ management: false })
    await left(next)
    // Nothing arrives from the moment when what waited is written.
    const abyss: Plugin<'abyss', unknown> = {
      name: 'abyss',
      needs: {},
      setup: (context) => context.onSession(() => second.network.stall('up', { drop: true })),
    }
    const second = next({ plugins: [abyss] as never })
    await time.until(second.client.online())
    second.network.cutNow()
    await time.advance(100)
    expect([friend.bodies, second.errors]).toEqual([[], []])
    expect(second.unsent).toMatchObject([{ error: { code: 'closed' }, message: { body: '1' } }])
    await time.until(second.client.close())
    await end()
  })

  test('on its way is looked for by the next process that has a connection; what nobody finds is reported', async () => {
    const { server, friend, next, end } = await setUp()
    const first = next()
    await time.until(first.client.online())
    await time.advance(1000)
    first.network.stall(undefined, { drop: true })
    for (const body of ['found', 'lost', 'missing']) first.client.send(say(body))
    await time.advance(1000)
    await first.kill()
    server.forget(alice)
    const second = next({ network: noNetwork })
    second.client.online().catch(() => {})
    await time.advance(1000)
    await time.until(second.client.close())
    expect(second.unsent).toEqual([])
    const fates = { found: 'handled', lost: 'unknown', missing: 'missing' } as const
    const archive: Plugin<'archive', unknown> = {
      name: 'archive',
      needs: {},
      setup: (context) =>
        context.findSent(async (sent) => sent.map(({ message: { body } }) => fates[body as keyof typeof fates])),
    }
    const third = next({ plugins: [archive] as never })
    await time.until(third.client.online())
    await time.advance(1000)
    expect(friend.bodies).toEqual(['missing'])
    expect(third.unsent).toMatchObject([{ error: { code: 'unacknowledged' }, message: { body: 'lost' } }])
    expect(String(third.unsent[0]?.message.to)).toBe(bob)
    expect(third.errors).toEqual([])
    await time.until(third.client.close())
    await end()
  })
})
