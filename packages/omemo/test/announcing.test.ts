import { memoryStore } from '@couplet/client'
import { StanzaError } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import type { VersionName } from '../src/index.js'
import { type Peer, World } from './world.js'

const lists = { omemo2: 'urn:xmpp:omemo:2:devices', legacy: 'eu.siacs.conversations.axolotl.devicelist' } as const
const listXml = {
  omemo2: (ids: readonly number[]) =>
    `<devices xmlns='urn:xmpp:omemo:2'>${ids.map((id) => `<device id='${id}'/>`).join('')}</devices>`,
  legacy: (ids: readonly number[]) =>
    `<list xmlns='eu.siacs.conversations.axolotl'>${ids.map((id) => `<device id='${id}'/>`).join('')}</list>`,
} as const
const versions = Object.keys(lists) as VersionName[]

const idOf = async ({ omemo }: Peer): Promise<number> => (await omemo.self()).deviceId
const listed = (world: World, jid: string, version: VersionName): number[] =>
  [...(world.nodes.read(jid, lists[version]) ?? '').matchAll(/id='(\d+)'/g)].map((match) => Number(match[1]))
const publications = (world: World, jid: string, version: VersionName): number =>
  world.nodes.published.filter((each) => each.jid === jid && each.node === lists[version]).length

test('the bundle is there before the list names the device, and it is the same device in both versions', async () => {
  const world = new World()
  const alice = await world.join('alice@a.example/1')
  const id = await idOf(alice)
  const nodes = world.nodes.published.map(({ node }) => node)
  expect(nodes.indexOf('urn:xmpp:omemo:2:bundles')).toBeLessThan(nodes.indexOf(lists.omemo2))
  expect(nodes.indexOf(`eu.siacs.conversations.axolotl.bundles:${id}`)).toBeLessThan(nodes.indexOf(lists.legacy))
  expect(versions.map((version) => listed(world, alice.jid, version))).toEqual([[id], [id]])
  // Another session publishes nothing that is there already.
  const count = nodes.length
  await alice.session.begin()
  await alice.omemo.enable()
  expect(world.nodes.published.length).toBe(count)
})

test('labels that other devices have written stay as they are', async () => {
  const world = new World()
  const other = "<device id='7' label='Phone' labelsig='AAAA'/>"
  world.nodes.write('alice@a.example', lists.omemo2, 'x', `<devices xmlns='urn:xmpp:omemo:2'>${other}</devices>`)
  const alice = await world.join('alice@a.example/1', { label: 'Desk' })
  const xml = world.nodes.read(alice.jid, lists.omemo2)
  expect(xml).toContain(other)
  expect(xml).toMatch(new RegExp(`<device id='${await idOf(alice)}' label='Desk' labelsig='[^']{88}'/>`))
})

test('OMEMO F7 what nobody here can read on a list stays there', async () => {
  const world = new World()
  const other =
    "<device id='7' since='2026'/><device id='4000000000' new='1'/><group xmlns='urn:example:groups'>a</group>"
  const list = `<devices xmlns='urn:xmpp:omemo:2' hint='x'>${other}</devices>`
  world.nodes.write('alice@a.example', lists.omemo2, 'x', list)
  const alice = await world.join('alice@a.example/1')
  const xml = (): string | undefined => world.nodes.read(alice.jid, lists.omemo2)
  expect(xml()).toBe(list.replace('</devices>', `<device id='${await idOf(alice)}'/></devices>`))
  await alice.omemo.disable()
  expect(xml()).toBe(list)
})

test('disabled, the device is on no list and has no bundle; its keys stay', async () => {
  const world = new World()
  const alice = await world.join('alice@a.example/1')
  const id = await idOf(alice)
  await alice.omemo.disable()
  expect(versions.map((version) => listed(world, alice.jid, version))).toEqual([[], []])
  expect(world.nodes.read(alice.jid, 'urn:xmpp:omemo:2:bundles', String(id))).toBeUndefined()
  expect(world.clock.waiting).toBe(0)
  await world.pass(60_000)
  expect(listed(world, alice.jid, 'omemo2')).toEqual([])
  await alice.omemo.enable()
  expect([await idOf(alice), listed(world, alice.jid, 'omemo2')]).toEqual([id, [id]])
})

describe.each(versions)('%s', (version) => {
  const options = { versions: [version] }

  test('OMEMO F7 two that announce themselves at the same time are both on the list in the end', async () => {
    const world = new World()
    const both = await Promise.all([world.join('alice@a.example/1', options), world.join('alice@a.example/2', options)])
    await world.pass(120_000)
    expect(listed(world, 'alice@a.example', version).sort()).toEqual((await Promise.all(both.map(idOf))).sort())
    expect(publications(world, 'alice@a.example', version)).toBeLessThanOrEqual(4)
  })

  test('OMEMO F7 with somebody who takes us off the list for ever nobody fights', async () => {
    const world = new World()
    const alice = await world.join('alice@a.example/1', options)
    const id = await idOf(alice)
    world.nodes.listeners.add((jid, node, item, xml) => {
      if (jid === alice.jid && node === lists[version] && xml.includes(`'${id}'`)) {
        world.nodes.write(jid, node, item, listXml[version]([4711]))
      }
    })
    world.nodes.write(alice.jid, lists[version], 'current', listXml[version]([4711]))
    let before = publications(world, alice.jid, version)
    const perMinute: number[] = []
    for (let minute = 0; minute < 10; minute++) {
      await world.pass(60_000)
      const now = publications(world, alice.jid, version)
      perMinute.push(now - before)
      before = now
    }
    expect(Math.max(...perMinute)).toBeLessThanOrEqual(3)
    expect(perMinute[0]).toBeGreaterThan(0)
    expect(perMinute.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(8)
  })

  test('OMEMO F9 a server that cannot keep the bundle is told about, and the device is not announced', async () => {
    const world = new World()
    world.nodes.onPublish = (_jid, node) => {
      if (node.includes('bundles')) throw new StanzaError({ condition: 'not-acceptable' })
    }
    const alice = await world.join('alice@a.example/1', options)
    expect(alice.events).toMatchObject([{ type: 'server-unsuitable', version }])
    expect(listed(world, alice.jid, version)).toEqual([])
  })

  test('OMEMO F11 devices are not forgotten, whatever the server answers', async () => {
    const world = new World()
    const state = memoryStore()
    let alice = await world.join('alice@a.example/1', { ...options, state })
    const bob = await world.join('bob@b.example/1', options)
    await world.join('bob@b.example/2', options)
    const reached = async (): Promise<number> => (await alice.omemo.send({ to: bob.jid, body: 'x' })).recipients.length
    expect(await reached()).toBe(2)
    for (let n = 0; n < 20; n++) {
      if (n % 5 === 4) {
        world.leave(alice)
        alice = await world.join('alice@a.example/1', { ...options, state })
      } else await alice.session.begin()
      const own = world.nodes.items
      const key = `${bob.jid} ${lists[version]}`
      const kept = own.get(key)
      // It fails, or it is empty.
      if (n % 3 === 0) own.delete(key)
      world.nodes.onGet = (jid, node) => {
        if (n % 3 === 1 && jid === bob.jid && node === lists[version]) {
          throw new StanzaError({ condition: 'remote-server-timeout' })
        }
      }
      expect(await reached()).toBe(2)
      if (kept !== undefined) own.set(key, kept)
    }
  })

  test('OMEMO S21 three hundred key exchanges in a minute: few publications, and always keys for more', async () => {
    const world = new World()
    const bob = await world.join('bob@b.example/1', options)
    const stranger = await world.join('eve@e.example/1', options)
    const bundles = (): number =>
      world.nodes.published.filter(({ jid, node }) => jid === bob.jid && node.includes('bundles')).length
    const before = bundles()
    for (let n = 0; n < 300; n++) {
      await stranger.omemo.resetSession(bob.jid)
      await stranger.omemo.send({ to: bob.jid, body: `${n}` }).catch(() => {})
      await world.settle()
      await world.pass(200)
    }
    expect(bundles() - before).toBeLessThanOrEqual(5)
    await world.pass(60_000)
    const node = [...world.nodes.items].find(([key]) => key.startsWith(bob.jid) && key.includes('bundles'))?.[1]
    expect([...(node?.values() ?? [])].at(-1)?.match(/<(?:pk|preKeyPublic) /g)?.length).toBe(100)
  }, 60_000)

  test('OMEMO S22 the signed prekey is another one each week; that of the week before still works', async () => {
    const world = new World()
    const [alice, bob] = [await world.join('alice@a.example/1', options), await world.join('bob@b.example/1', options)]
    const spk = (): string | undefined => {
      const node = [...world.nodes.items].find(([key]) => key.startsWith(bob.jid) && key.includes('bundles'))?.[1]
      return /(?:spk id|signedPreKeyId)='(\d+)'/.exec([...(node?.values() ?? [])].at(-1) ?? '')?.[1]
    }
    expect(spk()).toBe('1')
    await alice.omemo.send({ to: bob.jid, body: 'late' })
    const [late] = world.take(alice)
    const week = 7 * 24 * 3600 * 1000
    await world.pass(week + 1000)
    expect(spk()).toBe('2')
    if (late !== undefined) bob.session.receive(late)
    await world.settle()
    expect(bob.bodies()).toEqual(['late'])
    await alice.omemo.resetSession(bob.jid)
    await world.pass(week)
    expect(spk()).toBe('3')
  })
})

test('OMEMO F8 a new device takes no id that is on any list', async () => {
  const world = new World()
  const ids = [5, 6, 7]
  world.nodes.write('alice@a.example', lists.legacy, 'x', listXml.legacy(ids))
  let drawn = 0
  const { nobleBackend } = await import('../src/crypto/backend-noble.js')
  const crypto = {
    ...nobleBackend,
    randomBytes: (length: number) =>
      length === 4 ? new Uint8Array([0, 0, 0, 5 + drawn++]) : nobleBackend.randomBytes(length),
  }
  const alice = await world.join('alice@a.example/1', { crypto, versions: ['omemo2'] })
  expect(await idOf(alice)).toBe(8)
  drawn = 0
  const other = await world.join('alice@a.example/2', { crypto })
  expect(await idOf(other)).toBe(9)
})

test('OMEMO F9 a node that holds one bundle only is found out, and omemo:2 is not announced', async () => {
  const world = new World()
  await world.join('alice@a.example/1', { versions: ['omemo2'] })
  const original = world.nodes.write.bind(world.nodes)
  world.nodes.write = (jid, node, id, xml) => {
    if (node === 'urn:xmpp:omemo:2:bundles') world.nodes.items.delete(`${jid} ${node}`)
    original(jid, node, id, xml)
  }
  const second = await world.join('alice@a.example/2', { versions: ['omemo2'] })
  expect(second.events.map(({ type }) => type)).toContain('server-unsuitable')
  expect(listed(world, second.jid, 'omemo2')).not.toContain(await idOf(second))
})

test('OMEMO F10 devices that cannot be written to are told about, and the others are written to', async () => {
  const world = new World()
  const options = { versions: ['omemo2'] as const }
  const alice = await world.join('alice@a.example/1', options)
  const bobs = [] as Peer[]
  for (let n = 1; n <= 5; n++) bobs.push(await world.join(`bob@b.example/${n}`, options))
  const ids = await Promise.all(bobs.map(idOf))
  const node = world.nodes.items.get('bob@b.example urn:xmpp:omemo:2:bundles') as Map<string, string>
  const [none, unsigned, garbage] = ids.map(String) as [string, string, string]
  node.delete(none)
  node.set(
    unsigned,
    (node.get(unsigned) as string).replace(/<spks>./, (text) => text.replace(/.$/, text.endsWith('A') ? 'B' : 'A')),
  )
  node.set(garbage, (node.get(garbage) as string).replace(/<ik>.*?<\/ik>/, '<ik>#</ik>'))
  const sent = await alice.omemo.send({ to: 'bob@b.example', body: 'to those who can' })
  expect(sent.recipients.map(({ deviceId }) => deviceId).sort()).toEqual(ids.slice(3).sort())
  expect(new Set(sent.errors.map(({ deviceId, error }) => `${deviceId} ${(error as { code: string }).code}`))).toEqual(
    new Set([`${none} no-bundle`, `${unsigned} bad-bundle`, `${garbage} bad-bundle`]),
  )
  await world.settle()
  expect(bobs.map(({ messages }) => messages.length)).toEqual([0, 0, 0, 1, 1])
})

test('S-220 OMEMO S8 of ten thousand devices fifty are used, those that are known first', async () => {
  const world = new World()
  const options = { versions: ['omemo2'] as const }
  const [alice, bob] = [await world.join('alice@a.example/1', options), await world.join('bob@b.example/1', options)]
  await alice.omemo.send({ to: bob.jid, body: 'first' })
  const own = await idOf(bob)
  const many = Array.from({ length: 9_999 }, (_, n) => n + 1).filter((id) => id !== own)
  world.nodes.write(bob.jid, lists.omemo2, 'current', listXml.omemo2([...many, own]))
  await world.settle()
  expect(alice.events.filter(({ type }) => type === 'too-many-devices')).toHaveLength(1)
  const devices = (await alice.omemo.devices(bob.jid)).filter(({ isActive }) => isActive)
  expect([devices.length, devices.some(({ deviceId }) => deviceId === own)]).toEqual([50, true])
  const sent = await alice.omemo.send({ to: bob.jid, body: 'second' })
  expect(sent.recipients.map(({ deviceId }) => deviceId)).toEqual([own])
})
