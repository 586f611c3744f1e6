import { expect, test } from 'vitest'
import { manual, OptOut } from '../src/index.js'
import { pairOf } from './pair.js'
import { TestRoom } from './room.js'
import { type Peer, World } from './world.js'

test('OMEMO S2 an opt-out of ours is no wish of the contact', async () => {
  const { world, alice, bob } = await pairOf({ versions: ['omemo2'] })
  const desk = await world.join('alice@a.example/2', { versions: ['omemo2'] })
  await desk.omemo.send({ to: bob.jid, content: [OptOut({})] })
  await world.settle()
  const isOptedOut = async ({ omemo }: Peer, jid: string): Promise<boolean> => (await omemo.chats.of(jid)).isOptedOut
  expect([await isOptedOut(alice, bob.jid), await isOptedOut(alice, alice.jid)]).toEqual([false, false])
  expect([await isOptedOut(bob, alice.jid), alice.outcomes.at(-1)?.status]).toEqual([true, 'empty'])
})

test('OMEMO S2 S8 a device that somebody has put on the list asks for no plain text in the name of the contact', async () => {
  const world = new World()
  const alice = await world.join('alice@a.example/1', { versions: ['omemo2'], trust: manual() })
  const bob = await world.join('bob@b.example/1', { versions: ['omemo2'] })
  await bob.omemo.send({ to: alice.jid, content: [OptOut({})] })
  await world.settle()
  expect(alice.outcomes.at(-1)?.status).toBe('empty')
  expect(alice.events.filter(({ type }) => type === 'opt-out')).toEqual([])
  expect(await alice.omemo.chats.of(bob.jid)).toMatchObject({ isOptedOut: false })
})

test('OMEMO S2 one in a room cannot have all the others write in the open', async () => {
  const world = new World()
  const room = new TestRoom()
  const alice = await world.join('alice@a.example/1', { versions: ['omemo2'] })
  const bob = await world.join('bob@b.example/1', { versions: ['omemo2'] })
  room.enter(alice, 'alice')
  room.enter(bob, 'bob')
  await alice.omemo.send({ to: room.jid, content: [OptOut({})] })
  room.deliver([bob])
  await world.settle()
  expect(bob.outcomes.map(({ status }) => status)).toEqual(['empty'])
  for (const jid of [room.jid.toString(), alice.jid]) {
    expect(await bob.omemo.chats.of(jid)).toMatchObject({ isOptedOut: false })
  }
})
