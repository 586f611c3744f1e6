import { memoryStore } from '@couplet/client'
import { StanzaError } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { pairOf } from './pair.js'
import { World } from './world.js'

const devicesNode = 'urn:xmpp:omemo:2:devices'
const listXml = (ids: readonly number[]): string =>
  `<devices xmlns='urn:xmpp:omemo:2'>${ids.map((id) => `<device id='${id}'/>`).join('')}</devices>`

test('OMEMO S8 what accounts announce whom nobody has asked about is not kept', async () => {
  const world = new World()
  const inner = memoryStore()
  const keys = new Set<string>()
  const batch: typeof inner.batch = async (changes) => {
    for (const { key } of changes) keys.add(key)
    await inner.batch(changes)
  }
  const alice = await world.join('alice@a.example/1', {
    state: { ...inner, batch },
    isContact: (jid) => jid === 'c@c.example',
  })
  for (let n = 0; n < 20; n++) world.nodes.write(`made-up-${n}@x.example`, devicesNode, 'current', listXml([1, 2]))
  world.nodes.write('c@c.example', devicesNode, 'current', listXml([1]))
  await world.settle()
  expect([...keys].filter((key) => key.includes('made-up'))).toEqual([])
  expect(
    alice.events.flatMap((event) => (event.type === 'device-added' && event.jid !== alice.jid ? [event.jid] : [])),
  ).toEqual(['c@c.example'])
  // Of somebody whom we wanted to write to.
  await expect(alice.omemo.send({ to: 'bob@b.example', body: 'x' })).rejects.toMatchObject({ code: 'no-devices' })
  await world.join('bob@b.example/1')
  await world.settle()
  expect((await alice.omemo.send({ to: 'bob@b.example', body: 'x' })).recipients).toHaveLength(1)
})

test('OMEMO F10 F15 a list that cannot be read is told about, whatever the other one has', async () => {
  const world = new World()
  const alice = await world.join('alice@a.example/1')
  await world.join('alice@a.example/2', { versions: ['omemo2'] })
  const bob = await world.join('bob@b.example/1')
  await world.join('bob@b.example/2', { versions: ['omemo2'] })
  world.nodes.onGet = (_jid, node) => {
    if (node === devicesNode) throw new StanzaError({ condition: 'remote-server-timeout' })
  }
  const { errors } = await alice.omemo.send({ to: bob.jid, body: 'x' })
  for (const jid of [alice.jid, bob.jid]) {
    const error = expect.objectContaining({ condition: 'remote-server-timeout' })
    expect(errors).toContainEqual({ jid, deviceId: undefined, error })
  }
})

test('OMEMO S9 what was announced for omemo:2 once is not written to in 0.3 when it is gone', async () => {
  const world = new World()
  const [alice, bob] = [await world.join('alice@a.example/1'), await world.join('bob@b.example/1')]
  const old = await world.join('old@o.example/1', { versions: ['legacy', 'omemo2'] })
  await alice.omemo.devices(bob.jid)
  // Whoever prefers 0.3 has said so.
  expect((await old.omemo.send({ to: bob.jid, body: 'x' })).recipients).toMatchObject([{ version: 'legacy' }])
  world.nodes.write(bob.jid, devicesNode, 'current', listXml([]))
  await world.settle()
  await expect(alice.omemo.send({ to: bob.jid, body: 'x' })).rejects.toMatchObject({ code: 'no-devices' })
  expect(alice.events).toContainEqual({
    type: 'downgrade',
    jid: bob.jid,
    deviceId: (await bob.omemo.self()).deviceId,
    used: undefined,
  })
})

test('two accounts with one store have an identity each, and keep it', async () => {
  const world = new World()
  const store = memoryStore()
  const keys = async (): Promise<string[]> => {
    const peers = [await world.join('alice@a.example/1', { store }), await world.join('bob@b.example/1', { store })]
    const found = await Promise.all(peers.map(({ omemo }) => omemo.self()))
    for (const peer of peers) world.leave(peer)
    return found.map(({ fingerprint, deviceId }) => `${fingerprint} ${deviceId}`)
  }
  const first = await keys()
  expect(first[0]).not.toBe(first[1])
  expect(await keys()).toEqual(first)
})

test('S-210 a list of devices is of who sends it, whatever devices it names', async () => {
  const world = new World()
  const [alice, bob] = [await world.join('alice@a.example/1'), await world.join('bob@b.example/1')]
  await world.settle()
  const before = { bob: await alice.omemo.devices(bob.jid), own: await alice.omemo.devices(alice.jid) }
  const published = world.nodes.published.length
  const ids = [...before.bob, ...before.own].map(({ deviceId }) => deviceId)
  for (const list of [[666], [], [...ids, 666]]) {
    world.nodes.write('mallory@m.example', devicesNode, 'current', listXml(list))
    // As a resource or a subdomain of others.
    world.nodes.write('bob@b.example.m.example', devicesNode, 'current', listXml(list))
    world.nodes.write('mallory@m.example/alice@a.example', devicesNode, 'current', listXml(list))
  }
  await world.settle()
  expect({ bob: await alice.omemo.devices(bob.jid), own: await alice.omemo.devices(alice.jid) }).toEqual(before)
  expect(world.nodes.published.length).toBe(published)
  const { recipients } = await alice.omemo.send({ to: bob.jid, body: 'x' })
  expect(recipients).toMatchObject([{ jid: bob.jid, deviceId: before.bob[0]?.deviceId }])
})

test('OMEMO F10 a new device of somebody who tells us nothing is found within the hour', async () => {
  const { world, alice, bob } = await pairOf({ versions: ['omemo2'] })
  await alice.omemo.send({ to: bob.jid, body: 'one' })
  await world.settle()
  world.nodes.listeners.clear() // as for a stranger
  const other = await world.join('bob@b.example/2', { versions: ['omemo2'] })
  world.nodes.listeners.clear()
  const readers = async (): Promise<number> =>
    (await alice.omemo.send({ to: bob.jid, body: 'x' })).recipients.filter(({ jid }) => jid === bob.jid).length
  expect(await readers()).toBe(1)
  await world.pass(3_600_000)
  expect(await readers()).toBe(2)
  await world.settle()
  expect(other.bodies()).toEqual(['x'])
})
