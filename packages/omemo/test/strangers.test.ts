import { StanzaError, type XmlElement } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { decideOn, manual, type OmemoOptions, type VersionName } from '../src/index.js'
import { onTheWay, receive } from './pair.js'
import { TestRoom } from './room.js'
import { archived, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']

/** The same with a share that nothing can be made of. */
const broken = (element: XmlElement): XmlElement =>
  parseXml(
    String(element).replace(/(<key [^>]*>.{70})(.)/, (_all, before, letter) => before + (letter === 'A' ? 'B' : 'A')),
  )

describe.each(versions)('%s', (version) => {
  const sceneOf = async (options: OmemoOptions = {}) => {
    const world = new World()
    const alice = await world.join('alice@a.example/1', { versions: [version] })
    const bob = await world.join('bob@b.example/1', { versions: [version], ...options })
    return { world, alice, bob }
  }

  test.each(['contacts', 'never'] as const)(
    'OMEMO S19 a stranger who began a session while we were away is not answered: %s',
    async (completion) => {
      const { world, alice, bob } = await sceneOf({ policy: { completion } })
      bob.omemo.catchUp.begin()
      await bob.omemo.receive(archived(bob, await onTheWay(world, alice, bob, 'hi')))
      await bob.omemo.catchUp.end()
      expect([bob.bodies(), world.take(bob)]).toEqual([['hi'], []])
    },
  )

  test('OMEMO S19 whose key the user has trusted is no stranger', async () => {
    for (const level of ['undecided', 'trusted', 'authenticated', 'distrusted'] as const) {
      const { world, alice, bob } = await sceneOf()
      await bob.omemo.devices(alice.jid)
      const { identityKey } = await alice.omemo.self()
      await bob.omemo.decide([decideOn(alice.session.account, identityKey as Uint8Array, level)])
      await receive(bob, await onTheWay(world, alice, bob, 'hi'))
      expect([level, world.take(bob).length]).toEqual([level, level === 'trusted' || level === 'authenticated' ? 1 : 0])
    }
  })

  test('OMEMO S19 who was with us in a room meanwhile is answered, unless nobody is', async () => {
    for (const completion of ['contacts', 'never'] as const) {
      const { world, alice, bob } = await sceneOf({ policy: { completion } })
      const room = new TestRoom()
      room.enter(alice, 'alice')
      room.enter(bob, 'bob')
      await alice.omemo.send({ to: room.jid, body: 'to all' })
      bob.omemo.catchUp.begin()
      room.deliver([bob])
      await bob.session.settled()
      await bob.omemo.receive(archived(bob, await onTheWay(world, alice, bob, 'hi')))
      await bob.omemo.catchUp.end()
      expect([bob.bodies(), world.take(bob).length]).toEqual([['to all', 'hi'], completion === 'never' ? 0 : 1])
      // And the same as it comes.
      await alice.omemo.resetSession(bob.jid)
      await alice.omemo.send({ to: room.jid, body: 'again' })
      room.deliver([bob])
      await bob.session.settled()
      expect([bob.bodies().length, world.take(bob).length]).toEqual([3, completion === 'never' ? 0 : 1])
    }
  })

  test('OMEMO S19 a stranger’s device that is on no list makes us ask nobody', async () => {
    for (const isContact of [false, true]) {
      const { world, alice, bob } = await sceneOf({ isContact: () => isContact })
      const element = await onTheWay(world, alice, bob, 'hi')
      const asked: string[] = []
      world.nodes.onGet = (jid) => void asked.push(jid)
      bob.session.receive(element)
      await bob.session.settled()
      expect([bob.bodies(), asked.includes(alice.jid)]).toEqual([['hi'], isContact])
    }
  })
})

describe('0.3', () => {
  const options: OmemoOptions = { versions: ['legacy'], isContact: () => true }

  test('OMEMO S20 only a device whose key is trusted has its broken session replaced', async () => {
    for (const level of ['undecided', 'distrusted', 'trusted'] as const) {
      const world = new World()
      const alice = await world.join('alice@a.example/1', options)
      const bob = await world.join('bob@b.example/1', { ...options, trust: manual() })
      await bob.omemo.devices(alice.jid)
      const { identityKey } = await alice.omemo.self()
      bob.session.receive(await onTheWay(world, alice, bob, 'one'))
      await world.settle()
      await bob.omemo.decide([decideOn(alice.session.account, identityKey as Uint8Array, level)])
      bob.session.receive(broken(await onTheWay(world, alice, bob, 'two')))
      await bob.session.settled()
      expect(bob.events.map(({ type }) => type)).toContain('session-broken')
      expect([level, bob.events.some(({ type }) => type === 'healed')]).toEqual([level, level === 'trusted'])
    }
  })

  test('OMEMO S20 a device that cannot be answered after a catch-up keeps nobody else waiting', async () => {
    const world = new World()
    const bob = await world.join('bob@b.example/1', options)
    const peers = [await world.join('alice@a.example/1', options), await world.join('carol@c.example/1', options)]
    for (const peer of peers) await peer.omemo.send({ to: bob.jid, body: 'one' })
    await world.settle()
    bob.omemo.catchUp.begin()
    for (const peer of peers) await bob.omemo.receive(archived(bob, broken(await onTheWay(world, peer, bob, 'two'))))
    world.nodes.onGet = (jid, node) => {
      if (jid === 'alice@a.example' && node.includes('bundles'))
        throw new StanzaError({ condition: 'remote-server-timeout' })
    }
    await bob.omemo.catchUp.end()
    expect(bob.events.filter(({ type }) => type === 'healed')).toMatchObject([{ jid: 'carol@c.example' }])
    expect(bob.session.errors).toMatchObject([{ condition: 'remote-server-timeout' }])
  })
})
