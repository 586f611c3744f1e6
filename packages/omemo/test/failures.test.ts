import { ConnectionError, type StateStore } from '@couplet/client'
import type { XmlElement } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import type { VersionName } from '../src/index.js'
import { archived, type Peer, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']

/** A memory store whose state can be taken and put back, as a backup does. */
const snapshotStore = () => {
  let records = new Map<string, string>()
  const store: StateStore = {
    get: async (key) => {
      const text = records.get(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
    batch: async (changes) => {
      for (const { key, record } of changes) {
        if (record === undefined) records.delete(key)
        else records.set(key, JSON.stringify(record))
      }
    },
  }
  return {
    store,
    take: () => new Map(records),
    put: (state: Map<string, string>) => {
      records = new Map(state)
    },
  }
}

const pairOf = async (version: VersionName) => {
  const world = new World()
  const options = { versions: [version] }
  const [alice, bob] = [await world.join('alice@a.example/1', options), await world.join('bob@b.example/1', options)]
  return { world, alice, bob }
}

const say = async (from: Peer, to: Peer, body: string): Promise<void> => {
  await from.omemo.send({ to: to.jid, body })
}

describe.each(versions)('%s', (version) => {
  test('OMEMO F1 what an archive brings again is shown once, whatever came live meanwhile', async () => {
    const { world, alice, bob } = await pairOf(version)
    const desk = await world.join('alice@a.example/2', { versions: [version] })
    const carol = await world.join('carol@c.example/1', { versions: [version] })
    const page: XmlElement[] = []
    const said: string[] = []
    const senders = [alice, desk, carol]
    for (let n = 0; n < 150; n++) {
      const from = senders[n % 3] as Peer
      await say(from, bob, `m${n}`)
      said.push(`m${n}`)
      page.push(...world.take(from))
    }
    bob.omemo.catchUp.begin()
    for (const [n, element] of page.entries()) {
      // Some come live before the archive brings them.
      if (n % 5 === 4) bob.session.receive(page[n] as XmlElement)
      await bob.omemo.receive(archived(bob, element))
    }
    for (const element of page) await bob.omemo.receive(archived(bob, element))
    await bob.omemo.catchUp.end()
    await bob.session.settled()
    expect([...bob.bodies()].sort()).toEqual(said.sort())
    expect(new Set(bob.outcomes.map(({ status }) => status))).toEqual(new Set(['decrypted', 'duplicate']))
  })

  test('OMEMO F2 prekeys that were used while nobody was here are kept until no bundle offers them, and not longer', async () => {
    const { world, alice, bob } = await pairOf(version)
    const [carol, dave, erin] = [
      await world.join('carol@c.example/1', { versions: [version] }),
      await world.join('dave@d.example/1', { versions: [version] }),
      await world.join('erin@e.example/1', { versions: [version] }),
    ]
    // Everybody sees the same one prekey.
    for (const [key, items] of world.nodes.items) {
      if (!key.startsWith(`${bob.jid} `) || !key.includes('bundles')) continue
      for (const [id, xml] of items)
        items.set(id, xml.replace(/(<prekeys>.*?<\/(?:pk|preKeyPublic)>).*(<\/prekeys>)/, '$1$2'))
    }
    bob.isAway = true
    for (const from of [alice, carol, dave, erin]) await say(from, bob, from.jid)
    await world.settle()
    const [first, second, third, fourth] = bob.waiting.splice(0)
    const offered = (): string =>
      [...world.nodes.items]
        .filter(([key]) => key.startsWith(`${bob.jid} `) && key.includes('bundles'))
        .flatMap(([, items]) => [...items.values()])
        .join()
    const used = /(?:preKeyId|<pk id)='(\d+)'/.exec(offered())?.[1] as string
    const offer = new RegExp(`(?:preKeyId|<pk id)='${used}'`)
    bob.omemo.catchUp.begin()
    for (const element of [first, second]) await bob.omemo.receive(archived(bob, element as XmlElement))
    expect(bob.bodies()).toEqual([alice.jid, carol.jid])
    // As long as the bundle offers it, others may have taken it; so also when the server refuses another one.
    world.nodes.onPublish = () => {
      throw new ConnectionError('session', 'closed', 'the connection was lost')
    }
    await bob.omemo.catchUp.end()
    await world.settle()
    expect(offered()).toMatch(offer)
    await bob.omemo.receive(archived(bob, third as XmlElement))
    expect(bob.bodies()).toEqual([alice.jid, carol.jid, dave.jid])
    world.nodes.onPublish = () => {}
    await world.pass(60_000)
    expect(offered()).not.toMatch(offer)
    const outcome = await bob.omemo.receive(archived(bob, fourth as XmlElement))
    expect(outcome).toMatchObject({ status: 'failed', reason: 'no-prekey', recoverable: false })
  })

  test('OMEMO F3 two who begin at the same time understand each other, and go on to', async () => {
    const { world, alice, bob } = await pairOf(version)
    await Promise.all([say(alice, bob, 'from alice'), say(bob, alice, 'from bob')])
    await world.settle()
    expect([alice.bodies(), bob.bodies()]).toEqual([['from bob'], ['from alice']])
    for (let n = 0; n < 20; n++) {
      await Promise.all([say(alice, bob, `a${n}`), say(bob, alice, `b${n}`)])
      if (n % 4 !== 1) await world.settle()
    }
    await world.settle()
    const all = (name: string): string[] => Array.from({ length: 20 }, (_, n) => name + n)
    expect([alice.bodies().slice(1), bob.bodies().slice(1)]).toEqual([all('b'), all('a')])
    for (const { outcomes } of [alice, bob]) expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([])
  })

  test('OMEMO F4 who comes back with an old state is understood again after one message at most', async () => {
    const world = new World()
    const { store, take, put } = snapshotStore()
    const options = { versions: [version] }
    let alice = await world.join('alice@a.example/1', { ...options, state: store })
    const bob = await world.join('bob@b.example/1', options)
    const talk = async (name: string): Promise<void> => {
      for (let n = 0; n < 5; n++) {
        await say(alice, bob, `${name} a${n}`)
        await world.settle()
        await say(bob, alice, `${name} b${n}`)
        await world.settle()
      }
    }
    await talk('before')
    const backup = take()
    await talk('lost')
    put(backup)
    world.leave(alice)
    alice = await world.join('alice@a.example/1', { ...options, state: store })
    await say(alice, bob, 'first after')
    await world.settle()
    // In omemo:2 nobody but the user replaces a session (XEP-0384 §8).
    if (version === 'omemo2') await bob.omemo.resetSession(alice.jid)
    await say(bob, alice, 'answer')
    await world.settle()
    await talk('after')
    expect(bob.outcomes.filter(({ status }) => status === 'failed').length).toBeLessThanOrEqual(1)
    expect(alice.outcomes.filter(({ status }) => status === 'failed').length).toBeLessThanOrEqual(1)
    for (let n = 0; n < 5; n++) {
      expect(bob.bodies()).toContain(`after a${n}`)
      expect(alice.bodies()).toContain(`after b${n}`)
    }
    expect(bob.events.map(({ type }) => type)).toContain('session-broken')
  })

  test('OMEMO F5 thousands of broken messages leave the state as it is, to the byte', async () => {
    const world = new World()
    const { store, take } = snapshotStore()
    const options = { versions: [version], policy: { heal: 'never' as const } }
    const alice = await world.join('alice@a.example/1', options)
    const bob = await world.join('bob@b.example/1', { ...options, state: store })
    // Three sessions, each of which has decrypted something.
    for (let n = 0; n < 3; n++) {
      await alice.omemo.resetSession(bob.jid)
      await say(alice, bob, `session ${n}`)
      await world.settle()
      await say(bob, alice, 'yes')
      await world.settle()
    }
    await say(alice, bob, 'good')
    const [good] = world.take(alice) as [XmlElement]
    const text = String(good)
    const share = /(<key [^>]*>)([^<]+)</.exec(text) as RegExpExecArray
    const bytes = Buffer.from(share[2] as string, 'base64')
    const before = take()
    const random = mulberry(7)
    const statuses = new Set<string>()
    for (let n = 0; n < (version === 'omemo2' ? 10_000 : 2500); n++) {
      const broken = corrupt(bytes, random)
      const element = parseXml(text.replace(share[2] as string, broken.toString('base64')))
      const outcome = await bob.omemo.receive(bob.session.inbound(element, 'live'))
      statuses.add(outcome?.status === 'failed' ? `failed ${outcome.reason}` : (outcome?.status ?? 'none'))
    }
    expect(take()).toEqual(before)
    expect([...statuses].filter((status) => !status.startsWith('failed '))).toEqual([])
    await bob.omemo.receive(bob.session.inbound(good, 'live'))
    expect(bob.bodies().at(-1)).toBe('good')
  }, 120_000)
})

/** A small generator of numbers that are the same each time. */
const mulberry = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** Something else than it was: a byte, the length, or an end. */
const corrupt = (bytes: Buffer, random: (below: number) => number): Buffer => {
  const kind = random(10)
  if (kind === 0) return bytes.subarray(0, random(bytes.length))
  if (kind === 1) return Buffer.concat([bytes, Buffer.from([random(256)])])
  const changed = Buffer.from(bytes)
  const at = random(changed.length)
  changed[at] = (changed[at] as number) ^ (1 + random(255))
  return changed
}
