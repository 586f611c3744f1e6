import { Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { decideOn, type UserDecision, type VersionName } from '../src/index.js'
import { type Peer, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']
const decide = async (by: Peer, about: Peer, level: UserDecision['level'], jid = about.jid): Promise<void> => {
  const { identityKey } = await about.omemo.self()
  await by.omemo.decide([decideOn(Jid.parse(jid), identityKey as Uint8Array, level)])
}

describe.each(versions)('%s', (version) => {
  /** The server can show the bundle of somebody else in the place of Bob's. */
  const scene = async () => {
    const world = new World()
    const names = ['alice@a.example/1', 'bob@b.example/1', 'eve@e.example/1']
    const peers: Peer[] = []
    for (const name of names) peers.push(await world.join(name, { versions: [version] }))
    const [alice, bob, eve] = peers as [Peer, Peer, Peer]
    const bundles = (jid: string): Map<string, string> =>
      [...world.nodes.items].find(([key]) => key.startsWith(`${jid} `) && key.includes('bundles'))?.[1] as never
    const his = bundles(bob.jid)
    const [[id, own], foreign] = [[...his][0] as [string, string], [...bundles(eve.jid).values()][0] as string]
    const show = async (whose: 'bob' | 'eve'): Promise<void> => {
      his.set(id, whose === 'bob' ? own : foreign)
      await alice.omemo.resetSession(bob.jid)
    }
    const reached = async (): Promise<number> =>
      (await alice.omemo.send({ to: bob.jid, body: 'x' }).catch(() => undefined))?.recipients.length ?? 0
    return { world, alice, bob, eve, show, reached }
  }

  test('OMEMO S10 a key that the user accepts takes the place of one that nobody has decided about', async () => {
    const { world, alice, bob, show, reached } = await scene()
    await show('eve')
    expect(await reached()).toBe(1)
    await show('bob')
    expect([await reached(), await reached()]).toEqual([0, 0])
    await decide(alice, bob, 'trusted')
    expect(await reached()).toBe(1)
    await world.settle()
    expect(bob.bodies()).toEqual(['x'])
  })

  test('OMEMO S10 so does one that was compared before it was seen', async () => {
    const { alice, bob, show, reached } = await scene()
    await show('eve')
    expect(await reached()).toBe(1)
    await decide(alice, bob, 'authenticated')
    await show('bob')
    await reached()
    await alice.session.settled()
    expect(await reached()).toBe(1)
  })

  test('OMEMO S7 S10 a key that was trusted on purpose gives way to none, until it is distrusted', async () => {
    const { alice, bob, eve, show, reached } = await scene()
    expect(await reached()).toBe(1)
    await decide(alice, bob, 'authenticated')
    await show('eve')
    expect(await reached()).toBe(0)
    await decide(alice, eve, 'trusted', bob.jid)
    expect(await reached()).toBe(0)
    await decide(alice, bob, 'distrusted')
    await decide(alice, eve, 'trusted', bob.jid)
    expect(await reached()).toBe(1)
  })
})
