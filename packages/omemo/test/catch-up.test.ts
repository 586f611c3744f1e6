import type { XmlElement } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import type { VersionName } from '../src/index.js'
import { onTheWay, pairOf } from './pair.js'
import { archived, type Peer, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']

/** The bundle of a device has one prekey left, which everybody takes. */
function offerOne({ nodes }: World, { jid }: Peer): void {
  const node = [...nodes.items.keys()].find((key) => key.startsWith(`${jid} `) && key.includes('bundles')) ?? ''
  const [id = ''] = nodes.items.get(node)?.keys() ?? []
  const name = node.slice(jid.length + 1)
  const offers = /<(pk|preKeyPublic) [\s\S]*?<\/\1>/g
  let kept = 0
  nodes.write(
    jid,
    name,
    id,
    (nodes.read(jid, name, id) ?? '').replace(offers, (offer) => (kept++ === 0 ? offer : '')),
  )
}

describe.each(versions)('%s', (version) => {
  const options = { versions: [version] }

  test('OMEMO B7 a catch-up with twenty new sessions ends with one answer to each, and one publication', async () => {
    const world = new World()
    const bob = await world.join('bob@b.example/1', { ...options, isContact: () => true })
    const peers: Peer[] = []
    for (let n = 0; n < 20; n++) peers.push(await world.join(`p${n}@p.example/1`, options))
    const page: XmlElement[] = []
    for (let round = 0; round < 10; round++) {
      for (const peer of peers) {
        await peer.omemo.send({ to: bob.jid, body: `${round}` })
        page.push(...world.take(peer))
      }
    }
    const bundles = (): number =>
      world.nodes.published.filter(({ jid, node }) => jid === bob.jid && node.includes('bundles')).length
    const before = bundles()
    bob.omemo.catchUp.begin()
    for (const element of page) await bob.omemo.receive(archived(bob, element))
    await world.pass(60_000)
    expect([bob.messages.length, world.take(bob).length, bundles() - before]).toEqual([200, 0, 0])
    await bob.omemo.catchUp.end()
    await bob.session.settled()
    const answers = world.take(bob)
    expect([answers.length, new Set(answers.map((each) => each.attr('to'))).size]).toEqual([20, 20])
    await world.pass(60_000)
    expect(bundles() - before).toBe(1)
  })

  test('OMEMO F2 two who have taken the same prekey are both read, however much comes between them', async () => {
    const world = new World()
    const bob = await world.join('bob@b.example/1', options)
    offerOne(world, bob)
    const [first, friend, last] = await Promise.all(
      ['e1', 'friend', 'e2'].map((who) => world.join(`${who}@e.example/1`, options)),
    )
    const page: XmlElement[] = []
    const say = async (from: Peer | undefined, body: string): Promise<void> => {
      await from?.omemo.send({ to: bob.jid, body })
      page.push(...world.take(from as Peer))
    }
    await say(first, 'from e1')
    for (let n = 0; n < 60; n++) await say(friend, `${n}`)
    await say(last, 'from e2')
    bob.omemo.catchUp.begin()
    const taken = page.map((element) => bob.omemo.receive(archived(bob, element)))
    await taken[0]
    await bob.omemo.catchUp.end()
    await Promise.all(taken)
    // Of the friend, who has taken it as well, all is there.
    expect([bob.messages.length, bob.bodies().at(-1)]).toEqual([62, 'from e2'])
  })

  test('OMEMO F2 also if one of them comes live, and so has to wait until the catch-up is over', async () => {
    const world = new World()
    const bob = await world.join('bob@b.example/1', options)
    offerOne(world, bob)
    const [first, last] = [await world.join('e1@e.example/1', options), await world.join('e2@e.example/1', options)]
    await first.omemo.send({ to: bob.jid, body: 'missed' })
    const missed = world.take(first)
    bob.omemo.catchUp.begin()
    const hold = bob.session.holdMessages()
    bob.session.receive(await onTheWay(world, last, bob, 'live'))
    for (const element of missed) await bob.omemo.receive(archived(bob, element))
    // As the archive's plugin does: it says that it is over, and then lets go of what has waited.
    const ended = bob.omemo.catchUp.end()
    for (let turn = 0; turn < 8; turn++) await Promise.resolve()
    hold.dispose()
    await ended
    await world.settle()
    expect(bob.bodies()).toEqual(['missed', 'live'])
  })

  test('OMEMO F1 what comes live waits for what was missed, and costs none of it, however often the ratchet turns', async () => {
    const { world, alice, bob } = await pairOf(options)
    const hear = async (from: Peer, to: Peer, body: string): Promise<void> => {
      to.session.receive(await onTheWay(world, from, to, body))
    }
    await hear(alice, bob, 'hello')
    await world.settle()
    await hear(bob, alice, 'hello')
    await world.settle()
    const missed = []
    for (let n = 0; n < 40; n++) missed.push(await onTheWay(world, bob, alice, `missed ${n}`))
    // As the archive's plugin does until everything was fetched.
    const hold = alice.session.holdMessages()
    for (let n = 0; n < 8; n++) {
      await hear(bob, alice, `live ${n}`)
      await hear(alice, bob, `meanwhile ${n}`)
      await bob.session.settled()
    }
    await Promise.all(missed.map((element) => alice.omemo.receive(archived(alice, element))))
    expect(alice.bodies()).toHaveLength(41)
    hold.dispose()
    await world.settle()
    const range = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`)
    expect(alice.bodies()).toEqual(['hello', ...range('missed', 40), ...range('live', 8)])
    expect(bob.bodies()).toEqual(['hello', ...range('meanwhile', 8)])
    expect([alice, bob].flatMap(({ outcomes }) => outcomes.filter(({ status }) => status === 'failed'))).toEqual([])
  })

  test('OMEMO F24 a room with fifty devices: all are written to, and other work is not kept waiting', async () => {
    const world = new World()
    const alice = await world.join('alice@a.example/1', options)
    const jids = Array.from({ length: 10 }, (_, n) => `p${n}@p.example`)
    for (const jid of jids) for (let n = 0; n < 5; n++) await world.join(`${jid}/${n}`, options)
    const { TestRoom } = await import('./room.js')
    const room = new TestRoom()
    room.enter(alice, 'alice')
    for (const jid of jids) room.affiliations.set(jid, 'member')
    let turns = 0
    const count = setInterval(() => turns++, 0)
    const sent = await alice.omemo.send({ to: room.jid, body: 'to all' })
    clearInterval(count)
    expect([sent.recipients.length, sent.errors]).toEqual([50, []])
    expect(turns).toBeGreaterThan(1)
  }, 60_000)
})
