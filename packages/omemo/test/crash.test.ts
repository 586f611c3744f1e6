import { memoryStore, type StateStore } from '@couplet/client'
import type { XmlElement } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import type { OmemoOptions, VersionName } from '../src/index.js'
import { accountStore } from '../src/store/account-store.js'
import { OmemoStore } from '../src/store/omemo-store.js'
import { type Peer, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']

/** A store in front of another that dies at its n-th operation: that one is done or not, and nothing after it. */
const dyingStore = (inner: StateStore, at: number, isDone: boolean) => {
  let count = 0
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    count++
    if (count < at) return work()
    if (count === at && isDone) await work()
    throw new Error('the process has died')
  }
  const store: StateStore = {
    get: (key) => step(() => inner.get(key)),
    batch: (changes) => step(() => inner.batch(changes)),
  }
  return { store, hasDied: () => count >= at }
}

/** The share of a message for the device of a peer. */
const shareOf = (element: XmlElement): string => /<key [^>]*>([^<]+)</.exec(String(element))?.[1] ?? ''

test('OMEMO F18 an entry of the journal that cannot be read is told about', async () => {
  const journal = { name: 'journal', version: 1, toJson: (value: unknown) => value, fromJson: (json: never) => json }
  const state = memoryStore()
  await new OmemoStore(accountStore(state, 'alice@a.example')).transaction([], async (transaction) => {
    transaction.put(journal, '', ['a'])
    transaction.put(journal, 'a', { xml: '<message', identityKey: '' })
  })
  const alice = await new World().join('alice@a.example/1', { state })
  await alice.session.settled().catch(() => {})
  expect(alice.session.errors.splice(0)).toMatchObject([{ code: 'corrupt-record' }])
})

describe.each(versions)('%s', (version) => {
  const options = { versions: [version] }

  /** Both know each other, and Alice's state is in a store that outlives her. */
  const scene = async (more: OmemoOptions = {}) => {
    const world = new World()
    const inner = memoryStore()
    const alice = await world.join('alice@a.example/1', { ...options, ...more, state: inner })
    const bob = await world.join('bob@b.example/1', options)
    await alice.omemo.send({ to: bob.jid, body: 'one' })
    await world.settle()
    await bob.omemo.send({ to: alice.jid, body: 'two' })
    await world.settle()
    return { world, inner, alice, bob }
  }

  test('OMEMO F18 a sender that dies anywhere never uses a key twice, and says nothing that is not stored', async () => {
    let died = 0
    for (let point = 1; point < 60; point++) {
      for (const isDone of [false, true]) {
        const { world, inner, alice, bob } = await scene()
        world.leave(alice)
        const dying = dyingStore(inner, point, isDone)
        const second = await world.join('alice@a.example/1', { ...options, state: dying.store }).catch(() => undefined)
        const shares: string[] = []
        await second?.omemo.send({ to: bob.jid, body: 'three' }).catch(() => {})
        const sent = second === undefined ? [] : world.take(second)
        shares.push(...sent.map(shareOf))
        if (second !== undefined) {
          second.session.errors.splice(0)
          world.leave(second)
        }
        const third = await world.join('alice@a.example/1', { ...options, state: inner })
        await third.omemo.send({ to: bob.jid, body: 'four' })
        const later = world.take(third)
        shares.push(...later.map(shareOf))
        expect(new Set(shares).size).toBe(shares.length)
        for (const element of [...sent, ...later]) bob.session.receive(element)
        await world.settle()
        expect(bob.outcomes.filter(({ status }) => status === 'failed')).toEqual([])
        expect(bob.bodies().at(-1)).toBe('four')
        if (dying.hasDied()) died++
        else point = 60
      }
    }
    expect(died).toBeGreaterThan(4)
  }, 120_000)

  test('OMEMO F18 a receiver that dies anywhere loses no text: it comes again, once', async () => {
    let died = 0
    for (let point = 1; point < 60; point++) {
      for (const isDone of [false, true]) {
        const { world, inner, alice, bob } = await scene()
        await bob.omemo.send({ to: alice.jid, body: 'three' })
        const [element] = world.take(bob) as [XmlElement]
        world.leave(alice)
        const dying = dyingStore(inner, point, isDone)
        const got: (string | undefined)[] = []
        const second = await world.join('alice@a.example/1', { ...options, state: dying.store }).catch(() => undefined)
        if (second !== undefined) {
          second.session.receive(element)
          await second.session.settled().catch(() => {})
          got.push(...second.bodies())
          second.session.errors.splice(0)
          world.leave(second)
        }
        const third = await world.join('alice@a.example/1', { ...options, state: inner })
        // What was not acknowledged comes again from the server.
        third.session.receive(element)
        await world.settle()
        got.push(...third.bodies())
        expect(got.filter((body) => body === 'three').length).toBeGreaterThan(0)
        // Twice only if the application was not known to have it.
        expect(third.bodies().filter((body) => body === 'three').length).toBeLessThanOrEqual(1)
        expect(third.outcomes.filter(({ status }) => status === 'failed')).toEqual([])
        if (dying.hasDied()) died++
        else point = 60
      }
    }
    expect(died).toBeGreaterThan(4)
  }, 120_000)

  test('OMEMO F18 a long text is given again, also one that is longer when it is written out', async () => {
    const { world, inner, alice, bob } = await scene()
    alice.omemo.onMessage(() => {
      throw new RangeError('not now')
    })
    const body = version === 'omemo2' ? '"'.repeat(500_000) : '<'.repeat(500_000)
    await bob.omemo.send({ to: alice.jid, body })
    await world.settle().catch(() => {})
    expect(alice.session.errors.splice(0)).toEqual([new RangeError('not now')])
    world.leave(alice)
    const second = await world.join('alice@a.example/1', { ...options, state: inner })
    await second.session.settled()
    expect(second.bodies()[0]?.length).toBe(body.length)
  })

  test('OMEMO F17 B4 with another id, disabled or gone in one tab, it is so in all of them', async () => {
    const { world, inner, alice, bob } = await scene()
    const tab = await world.join('alice@a.example/2', { ...options, state: inner })
    const node = version === 'omemo2' ? 'urn:xmpp:omemo:2:devices' : 'eu.siacs.conversations.axolotl.devicelist'
    const listed = (): number[] =>
      [...(world.nodes.read(alice.jid, node) ?? '').matchAll(/ id='(\d+)'/g)].map((match) => Number(match[1]))
    const before = (await tab.omemo.self()).deviceId
    await alice.omemo.resetDevice()
    await world.pass(600_000)
    const after = (await tab.omemo.self()).deviceId
    expect([after === before, listed()]).toEqual([false, [after]])
    await tab.omemo.send({ to: bob.jid, body: 'from the other tab' })
    const [element] = world.take(tab) as [XmlElement]
    expect(String(element)).toContain(`sid='${after}'`)
    bob.session.receive(element)
    await world.settle()
    expect(bob.bodies().at(-1)).toBe('from the other tab')
    await alice.omemo.disable()
    await tab.omemo.rotate()
    await world.pass(8 * 24 * 3600 * 1000)
    expect(listed()).toEqual([])
    await alice.omemo.enable()
    expect(listed()).toEqual([after])
    await alice.omemo.destroyIdentity()
    await world.pass(8 * 24 * 3600 * 1000)
    for (const each of [alice, tab]) {
      await each.session.begin()
      await world.settle()
      await expect(each.omemo.self()).rejects.toMatchObject({ code: 'no-devices' })
      await expect(each.omemo.send({ to: bob.jid, body: 'x' })).rejects.toMatchObject({ code: 'no-devices' })
    }
    expect(listed()).toEqual([])
    await alice.omemo.enable()
    expect(listed().length).toBe(1)
  })

  test('OMEMO F17 two tabs that share a store use no key twice and lose nothing', async () => {
    const { world, inner, alice, bob } = await scene()
    const tab = await world.join('alice@a.example/2', { ...options, state: inner })
    const tabs: readonly Peer[] = [alice, tab]
    expect((await tab.omemo.self()).deviceId).toBe((await alice.omemo.self()).deviceId)
    const sends = Array.from({ length: 100 }, (_, n) =>
      (tabs[n % 2] as Peer).omemo.send({ to: bob.jid, body: `m${n}` }),
    )
    await Promise.all(sends)
    const elements = tabs.flatMap((each) => world.take(each))
    expect(new Set(elements.map(shareOf)).size).toBe(100)
    for (const element of elements) bob.session.receive(element)
    await world.settle()
    expect(bob.outcomes.filter(({ status }) => status !== 'decrypted')).toEqual([])
    expect(new Set(bob.bodies())).toEqual(new Set(['one', ...Array.from({ length: 100 }, (_, n) => `m${n}`)]))
    // Both get what comes for the device; each text is decrypted in one of them.
    await Promise.all(Array.from({ length: 20 }, (_, n) => bob.omemo.send({ to: alice.jid, body: `b${n}` })))
    await world.settle()
    const got = [...alice.bodies(), ...tab.bodies()].filter((body) => body?.startsWith('b'))
    expect(got.sort()).toEqual(Array.from({ length: 20 }, (_, n) => `b${n}`).sort())
  })

  test('many calls at once for one device come one after the other', async () => {
    const { world, alice, bob } = await scene({ policy: { staleAfter: 1000 } })
    await Promise.all(Array.from({ length: 300 }, (_, n) => alice.omemo.send({ to: bob.jid, body: String(n) })))
    await world.settle()
    expect(bob.bodies().length).toBe(301)
    expect(bob.outcomes.every(({ status }) => status === 'decrypted')).toBe(true)
  })
})
