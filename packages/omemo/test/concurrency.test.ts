import { memoryStore, type StateStore } from '@couplet/client'
import { describe, expect, test } from 'vitest'
import { pairOf } from './pair.js'
import { type Peer, World } from './world.js'

const count = 2500
const bodiesOf = (name: string): readonly string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`)

/** Everything that was sent, decrypted at once. */
const readAll = (world: World, from: Peer, to: Peer): Promise<unknown> =>
  Promise.all(world.take(from).map((element) => to.omemo.receive(to.session.inbound(element, 'live'))))

describe.each(['omemo2', 'legacy'] as const)('%s', (version) => {
  test('OMEMO B3 10,000 calls at once between two devices: each message is read once, in its place', async () => {
    const { world, alice, bob } = await pairOf({ versions: [version], policy: { staleAfter: 1_000_000 } })
    await alice.omemo.send({ to: bob.jid, body: 'hello' })
    await world.settle()
    await bob.omemo.send({ to: alice.jid, body: 'hello' })
    await world.settle()
    const [mine, theirs] = [bodiesOf('from alice'), bodiesOf('from bob')]
    const sending = mine.map((body) => alice.omemo.send({ to: bob.jid, body }))
    const answering = theirs.map((body) => bob.omemo.send({ to: alice.jid, body }))
    const sent = await Promise.all([...sending, ...answering])
    expect(sent.flatMap(({ errors }) => errors)).toEqual([])
    await Promise.all([readAll(world, alice, bob), readAll(world, bob, alice)])
    await world.settle()
    expect(bob.bodies().slice(1)).toEqual(mine)
    expect(alice.bodies().slice(1)).toEqual(theirs)
    const rest = [alice, bob].flatMap(({ outcomes }) => outcomes.filter(({ status }) => status !== 'decrypted'))
    expect(rest.filter(({ status }) => status !== 'empty')).toEqual([])
  }, 120_000)

  test('OMEMO B3 nobody waits for a device that is somebody else', async () => {
    const world = new World()
    const memory = memoryStore()
    let release: () => void = () => {}
    let gate: Promise<void> | undefined
    const state: StateStore = {
      ...memory,
      async batch(changes) {
        if (changes.some(({ key }) => key.includes('session') && key.includes('bob@b.example'))) await gate
        await memory.batch(changes)
      },
    }
    const options = { versions: [version] }
    const alice = await world.join('alice@a.example/1', { ...options, state })
    const bob = await world.join('bob@b.example/1', options)
    const carol = await world.join('carol@c.example/1', options)
    for (const { jid } of [bob, carol]) await alice.omemo.send({ to: jid, body: 'hello' })
    await world.settle()
    gate = new Promise((resolve) => {
      release = resolve
    })
    let isBobServed = false
    const toBob = alice.omemo.send({ to: bob.jid, body: 'slow' }).then(() => {
      isBobServed = true
    })
    await alice.omemo.send({ to: carol.jid, body: 'fast' })
    expect(isBobServed).toBe(false)
    release()
    await toBob
    await world.settle()
    expect([bob.bodies(), carol.bodies()]).toEqual([
      ['hello', 'slow'],
      ['hello', 'fast'],
    ])
  })
})
