import { randomBytes } from 'node:crypto'
import { createClient, memoryStore, type StateStore } from '@couplet/client'
import { disco } from '@couplet/disco'
import { muc, type Room } from '@couplet/muc'
import { faultTransport } from '@couplet/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openClient } from './open-client.js'
import { type Target, targets, transportsOf } from './targets.js'

/** Processes of one bot with one store; a killed one writes and hears nothing any more. */
const processes = async (target: Target) => {
  const account = await target.createUser()
  const inner = memoryStore()
  return () => {
    let isAlive = true
    const store: StateStore = {
      get: (key) => inner.get(key),
      batch: (changes) => (isAlive ? inner.batch(changes) : new Promise(() => {})),
    }
    const [transport] = transportsOf(target)
    if (transport === undefined) throw new TypeError('a target has a transport')
    const network = faultTransport(transport)
    const service = target.service('xmpps')
    const client = createClient({ ...account, service, transports: [network], store, plugins: [disco(), muc()] })
    onTestFinished(() => client.close())
    const kill = (): void => {
      isAlive = false
      network.refuse()
      network.cutNow()
    }
    const rejected: unknown[] = []
    client.on('rejected', (event) => void rejected.push(event))
    return { client, kill, rejected, stored: () => inner.get(`${client.account}/muc/rooms`) }
  }
}

const bodiesOf = (room: Room): string[] => {
  const bodies: string[] = []
  room.onMessage(({ body }) => void (body && bodies.push(body)))
  return bodies
}

describe.each(await targets())('a room bot that was killed on $title', (target) => {
  test.each([
    ['asks for the room when it is online, by the same nickname', 'bot', false],
    ['asks for the room when it is online, by another nickname', 'bot-new', false],
    ['asks for the room before that, by another nickname', 'bot-new', true],
  ])('hears what was said meanwhile: it %s', async (_how, nick, isEarly) => {
    const start = await processes(target)
    const owner = await openClient(target, { plugins: [disco(), muc()] })
    const address = `k${randomBytes(6).toString('hex')}@rooms.${target.domain}`
    const room = await owner.muc.join(address, { nick: 'owner' })
    const first = start()
    await first.client.online()
    const before = bodiesOf(await first.client.muc.join(address, { nick: 'bot' }))
    room.send('before')
    await vi.waitFor(() => expect(before).toEqual(['before']), { timeout: 5000 })
    await vi.waitFor(async () => expect(await first.stored()).toBeDefined(), { timeout: 5000 })
    first.kill()
    await Promise.all(['one', 'two'].map((body) => room.send(body).acked))

    const second = start()
    const early = isEarly ? second.client.muc.join(address, { nick }) : undefined
    await second.client.online()
    expect(second.client.status).toEqual({ state: 'online', resumed: true })
    const again = await (early ?? second.client.muc.join(address, { nick }))
    const heard = bodiesOf(again)
    room.send('after')
    await vi.waitFor(() => expect(heard).toEqual(['one', 'two', 'after']), { timeout: 5000 })
    expect([again.nick, again.state, [...again.occupants.keys()].sort()]).toEqual([nick, 'joined', [nick, 'owner']])
    expect([...room.occupants.keys()].sort()).toEqual([nick, 'owner'])
    expect(second.rejected).toEqual([])
  })
})
