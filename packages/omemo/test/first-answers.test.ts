import { memoryStore } from '@couplet/client'
import { describe, expect, test } from 'vitest'
import type { OmemoOptions, VersionName } from '../src/index.js'
import { onTheWay, receive } from './pair.js'
import { type Peer, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']

/** Whom an answer is written for, that is given as soon as something is read. */
const answersOf = (peer: Peer) => {
  const answers: Promise<readonly number[] | string>[] = []
  peer.omemo.onMessage((message) => {
    const sent = message.reply('re')
    answers.push(
      sent.then(({ recipients }) => recipients.map(({ deviceId }) => deviceId).sort()).catch(({ code }) => code),
    )
  })
  return () => Promise.all(answers)
}

/** Somebody logs in whose announcements reach nobody else. */
const joinUnheard = async (world: World, address: string, options: OmemoOptions): Promise<Peer> => {
  const listeners = [...world.nodes.listeners]
  world.nodes.listeners.clear()
  const peer = await world.join(address, options)
  for (const listener of listeners) world.nodes.listeners.add(listener)
  return peer
}

const idOf = async (peer: Peer): Promise<number> => (await peer.omemo.self()).deviceId

describe.each(versions)('%s', (version) => {
  const options: OmemoOptions = { versions: [version] }

  test('OMEMO F10 who had no device when we wrote is answered when he has one, by a stranger, too', async () => {
    const world = new World()
    const bot = await world.join('bot@b.example/1', options)
    const answers = answersOf(bot)
    await expect(bot.omemo.send({ to: 'x@x.example', body: 'hi' })).rejects.toMatchObject({ code: 'no-devices' })
    const x = await joinUnheard(world, 'x@x.example/1', options)
    await receive(bot, await onTheWay(world, x, bot, 'hello'))
    expect(await answers()).toEqual([[await idOf(x)]])
  })

  test('OMEMO F10 nothing counts for a minute: then an account is asked again', async () => {
    const world = new World()
    const bot = await world.join('bot@b.example/1', options)
    let asked = 0
    world.nodes.onGet = (jid) => void (jid === 'x@x.example' && asked++)
    const send = () => bot.omemo.send({ to: 'x@x.example', body: 'hi' })
    for (let n = 0; n < 3; n++) await expect(send()).rejects.toMatchObject({ code: 'no-devices' })
    expect(asked).toBe(1)
    const x = await joinUnheard(world, 'x@x.example/1', options)
    await world.pass(61_000)
    expect((await send()).recipients).toMatchObject([{ deviceId: await idOf(x) }])
  })

  test('OMEMO F10 the first answer to a new device is for it, too', async () => {
    const world = new World()
    const bot = await world.join('bot@b.example/1', options)
    const one = await world.join('y@y.example/1', options)
    await bot.omemo.send({ to: one.jid, body: 'hi' })
    await world.settle()
    const two = await joinUnheard(world, 'y@y.example/2', options)
    const answers = answersOf(bot)
    await receive(bot, await onTheWay(world, two, bot, 'hello'))
    expect(await answers()).toEqual([[await idOf(one), await idOf(two)].sort()])
  })

  test('OMEMO F22 what a process owed when it ended is paid by the next one', async () => {
    const world = new World()
    const state = memoryStore()
    const alice = await world.join('alice@a.example/1', { ...options, policy: { staleAfter: 106 } })
    const bob = await world.join('bob@b.example/1', { ...options, state, isContact: () => true })
    await alice.omemo.send({ to: bob.jid, body: 'begin' })
    await world.settle()
    for (let n = 0; n < 60; n++) await alice.omemo.send({ to: bob.jid, body: `${n}` })
    const page = world.take(alice)
    // He reads all of it, and ends before he would answer.
    bob.omemo.catchUp.begin()
    for (const element of page) await receive(bob, element)
    expect(world.take(bob)).toEqual([])
    world.leave(bob)
    alice.outcomes.length = 0
    const again = await world.join('bob@b.example/1', { ...options, state, isContact: () => true })
    await again.session.settled()
    await world.settle()
    expect(alice.outcomes.map(({ status }) => status)).toEqual(['empty'])
    world.leave(again)
    const third = await world.join('bob@b.example/1', { ...options, state, isContact: () => true })
    await third.session.settled()
    expect(world.take(third)).toEqual([])
  })
})
