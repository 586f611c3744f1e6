import { memoryStore, type StateStore } from '@couplet/client'
import { expect, test } from 'vitest'
import { keyName } from '../src/trust/trust-record.js'
import { type Peer, World } from './world.js'

const keyOf = async ({ omemo }: Peer): Promise<string> => keyName((await omemo.self()).identityKey as Uint8Array)

test('with another id we are another device with the same identity, and everybody begins anew', async () => {
  const world = new World()
  const state = memoryStore()
  const alice = await world.join('alice@a.example/1', { state })
  const bob = await world.join('bob@b.example/1')
  await alice.omemo.send({ to: bob.jid, body: 'one' })
  await world.settle()
  const [key, id] = [await keyOf(alice), (await alice.omemo.self()).deviceId]
  await alice.omemo.resetDevice()
  expect([await keyOf(alice), (await alice.omemo.self()).deviceId === id]).toEqual([key, false])
  await alice.omemo.send({ to: bob.jid, body: 'two' })
  await world.settle()
  await bob.omemo.send({ to: alice.jid, body: 'three' })
  await world.settle()
  expect([alice.bodies(), bob.bodies()]).toEqual([['three'], ['one', 'two']])
  await alice.omemo.destroyIdentity()
  await expect(alice.omemo.self()).rejects.toMatchObject({ code: 'no-devices' })
  await alice.omemo.enable()
  expect(await keyOf(alice)).not.toBe(key)
  await alice.omemo.send({ to: bob.jid, body: 'four' })
  await world.settle()
  expect(bob.bodies().at(-1)).toBe('four')
})

test('OMEMO S22 sessions of a device that is gone are gone as well', async () => {
  const world = new World()
  const inner = memoryStore()
  const keys = new Set<string>()
  const state: StateStore = {
    get: inner.get,
    batch: (changes) => {
      for (const { key, record } of changes) record === undefined ? keys.delete(key) : keys.add(key)
      return inner.batch(changes)
    },
  }
  const alice = await world.join('alice@a.example/1', { state })
  const bob = await world.join('bob@b.example/1')
  const sessions = (): number => [...keys].filter((key) => key.includes('session/')).length
  const talk = async (): Promise<void> => {
    await alice.omemo.send({ to: bob.jid, body: 'one' })
    await world.settle()
  }
  await talk()
  expect(sessions()).toBe(1)
  await alice.omemo.resetDevice()
  expect(sessions()).toBe(0)
  await talk()
  expect(sessions()).toBe(1)
  await alice.omemo.destroyIdentity()
  expect(sessions()).toBe(0)
})

test('what was disabled stays so in other sessions, until it is enabled', async () => {
  const world = new World()
  const state = memoryStore()
  const first = await world.join('alice@a.example/1', { state })
  await first.omemo.disable()
  const list = (): string | undefined => world.nodes.read(first.jid, 'urn:xmpp:omemo:2:devices')
  await first.session.begin()
  await world.settle()
  expect(list()).not.toContain('<device ')
  world.leave(first)
  const second = await world.join('alice@a.example/1', { state, isAnnounced: false })
  await second.omemo.devices(second.jid)
  await second.session.begin()
  await world.settle()
  expect(list()).not.toContain('<device ')
  await second.omemo.enable()
  expect(list()).toContain(`<device id='${(await second.omemo.self()).deviceId}'`)
  await second.session.begin()
  await world.settle()
  expect(list()).toContain('<device ')
})

test('OMEMO S25 a label is shown with a valid signature only', async () => {
  const world = new World()
  await expect(world.join('x@x.example/1', { label: 'a\u202eb' })).rejects.toThrow(RangeError)
  const alice = await world.join('alice@a.example/1', { versions: ['omemo2'], label: 'Desk' })
  const bob = await world.join('bob@b.example/1', { versions: ['omemo2'] })
  expect((await bob.omemo.devices(alice.jid)).map(({ label }) => label)).toEqual(['Desk'])
  const xml = world.nodes.read(alice.jid, 'urn:xmpp:omemo:2:devices') as string
  world.nodes.write(alice.jid, 'urn:xmpp:omemo:2:devices', 'current', xml.replace('Desk', 'Your bank'))
  await world.settle()
  expect((await bob.omemo.devices(alice.jid)).map(({ label }) => label)).toEqual([undefined])
})

test('OMEMO F26 a copy is taken from our own server alone', async () => {
  const { carbons } = await import('@couplet/carbons')
  const world = new World()
  const [alice, bob] = [await world.join('alice@a.example/1'), await world.join('bob@b.example/1')]
  const api = bob.session.install(carbons())
  bob.omemo.follow({ carbons: api })
  await alice.omemo.send({ to: bob.jid, body: 'hi' })
  const [sent] = world.take(alice)
  const copy = (from: string): string =>
    `<message from='${from}' to='${bob.session.jid}'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>${sent}</forwarded></received></message>`
  for (const from of ['mallory@m.example', `${bob.jid}/2`, 'b.example']) bob.session.receive(copy(from))
  await bob.session.settled()
  expect(bob.outcomes).toEqual([])
  bob.session.receive(copy(bob.jid))
  await bob.session.settled()
  expect(bob.messages[0]).toMatchObject({ body: 'hi', provenance: 'carbon' })
})
