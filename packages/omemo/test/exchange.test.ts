import { memoryStore } from '@couplet/client'
import { vouchedBy } from '@couplet/eme'
import { expect, test, vi } from 'vitest'
import type { VersionName } from '../src/index.js'
import { onTheWay, pairOf } from './pair.js'
import { World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']

test.each(versions)('%s: a message and its answer', async (version) => {
  const world = new World()
  const [alice, bob] = [
    await world.join('alice@a.example/1', { versions: [version] }),
    await world.join('bob@b.example/1', { versions: [version] }),
  ]
  const sent = await alice.omemo.send({ to: bob.jid, body: 'hello' })
  expect(sent).toMatchObject({ recipients: [{ jid: bob.jid, version }], excluded: [], errors: [] })
  await world.settle()
  expect(bob.bodies()).toEqual(['hello'])
  await bob.messages[0]?.reply('hello yourself')
  await world.settle()
  expect(alice.bodies()).toEqual(['hello yourself'])
})

test.each(versions)(
  '%s: S-134 the key of the sender vouches for what was decrypted, the same each time',
  async (version) => {
    const world = new World()
    const options = { versions: [version] }
    const [alice, bob] = [await world.join('alice@a.example/1', options), await world.join('bob@b.example/1', options)]
    for (const body of ['one', 'two']) {
      await alice.omemo.send({ to: bob.jid, body })
      await world.settle()
    }
    await bob.messages[0]?.reply('three')
    await world.settle()
    const [one, two] = bob.messages.map(({ message }) => vouchedBy(message))
    expect([one === undefined, two === one]).toEqual([false, true])
    const [answer] = alice.messages
    expect([undefined, one]).not.toContain(answer && vouchedBy(answer.message))
  },
)

test.each(versions)('%s: what is said in a row arrives in a row', async (version) => {
  const world = new World()
  const options = { versions: [version] }
  const [alice, bob] = [await world.join('alice@a.example/1', options), await world.join('bob@b.example/1', options)]
  const texts = Array.from({ length: 30 }, (_, n) => `m${n}`)
  await Promise.all(texts.map((body) => alice.omemo.send({ to: bob.jid, body })))
  await world.settle()
  expect(bob.bodies()).toEqual(texts)
})

test.each(versions)('%s: without a connection it is encrypted, and waits', async (version) => {
  const world = new World()
  const options = { versions: [version] }
  const [alice, bob] = [await world.join('alice@a.example/1', options), await world.join('bob@b.example/1', options)]
  await alice.omemo.send({ to: bob.jid, body: 'one' })
  await world.settle()
  alice.session.lose()
  world.nodes.onGet = () => {
    throw new Error('there is no connection')
  }
  const sent = await alice.omemo.send({ to: bob.jid, body: 'two' })
  expect([sent.recipients.length, sent.errors]).toEqual([1, []])
  await world.settle()
  expect(bob.bodies()).toEqual(['one'])
  world.nodes.onGet = () => {}
  await alice.session.begin()
  await world.settle()
  expect(bob.bodies()).toEqual(['one', 'two'])
})

test('what comes between two handlers, as when a page shows another chat, is there for the second one', async () => {
  const { world, alice, bob } = await pairOf({ versions: ['omemo2'] })
  const say = async (body: string): Promise<void> => {
    bob.session.receive(await onTheWay(world, alice, bob, body))
  }
  let finish: () => void = () => {}
  const taken: string[] = []
  const slow = bob.omemo.onMessage(({ body }) => {
    taken.push(`slow ${body}`)
    return new Promise((resolve) => {
      finish = resolve
    })
  })
  bob.unlisten()
  await say('one')
  await vi.waitFor(() => expect(taken).toEqual(['slow one']))
  finish()
  await bob.session.settled()
  slow.dispose()
  await say('two')
  await bob.session.settled()
  expect(bob.outcomes.map(({ status }) => status)).toEqual(['decrypted', 'decrypted'])
  bob.omemo.onMessage(({ body }) => void taken.push(`next ${body}`))
  await bob.session.settled()
  await world.settle()
  expect(taken).toEqual(['slow one', 'next two'])
})

test('a handler that comes later does not get what another one is working on', async () => {
  const { world, alice, bob } = await pairOf({ versions: ['omemo2'] })
  bob.unlisten()
  const taken: string[] = []
  let finish: () => void = () => {}
  const slow = bob.omemo.onMessage(({ body }) => {
    taken.push(`slow ${body}`)
    return new Promise((resolve) => {
      finish = resolve
    })
  })
  bob.session.receive(await onTheWay(world, alice, bob, 'one'))
  await vi.waitFor(() => expect(taken).toEqual(['slow one']))
  slow.dispose()
  bob.omemo.onMessage(({ body }) => void taken.push(`next ${body}`))
  await bob.omemo.catchUp.end() // whatever is to be given again has been by now
  finish()
  await world.settle()
  expect(taken).toEqual(['slow one'])
})

test('OMEMO F6 a text that no XML can hold is refused, and not sent to somebody who cannot read it', async () => {
  for (const version of ['omemo2', 'legacy'] as const) {
    const { alice, bob } = await pairOf({ versions: [version] })
    for (const body of ['a\u0001b', 'a\ud800b']) {
      await expect(alice.omemo.send({ to: bob.jid, body })).rejects.toMatchObject({ name: 'IllegalCharacterError' })
    }
    expect(alice.outbox()).toEqual([])
  }
})

test('OMEMO F22 whom another device of ours has written to may know of this one, which reads and never writes', async () => {
  const world = new World()
  const [phone, desk] = [await world.join('alice@a.example/1'), await world.join('alice@a.example/2')]
  const bob = await world.join('bob@b.example/1')
  await phone.omemo.send({ to: bob.jid, body: 'hi' })
  await world.settle()
  for (let n = 0; n < 120; n++) {
    await bob.omemo.send({ to: phone.jid, body: `${n}` })
    if (n % 20 === 19) await world.settle()
  }
  expect([phone.messages.length, desk.messages.length]).toEqual([120, 121])
})

test('who answers when the client is closed hears that nothing was sent, and so the text comes again', async () => {
  const { world, alice, bob } = await pairOf({ versions: ['omemo2'] })
  await alice.omemo.send({ to: bob.jid, body: 'hi' })
  await world.settle()
  alice.session.end()
  await expect(alice.omemo.send({ to: bob.jid, body: 'too late' })).rejects.toMatchObject({ code: 'stopped' })
})

test('what no handler has taken comes again, to whoever takes it', async () => {
  const world = new World()
  const state = memoryStore()
  const alice = await world.join('alice@a.example/1')
  const first = await world.join('bob@b.example/1', { state })
  first.omemo.onMessage(() => {
    throw new RangeError('not now')
  })
  await alice.omemo.send({ to: first.jid, body: 'hi' })
  await world.settle().catch(() => {})
  expect(first.session.errors.splice(0)).toEqual([new RangeError('not now')])
  world.leave(first)
  const second = await world.join('bob@b.example/1', { state })
  await second.session.settled()
  expect(second.messages[0]).toMatchObject({ body: 'hi', boundFrom: true, boundTo: true })
  expect(second.messages[0]?.time).toBeInstanceOf(Date)
  world.leave(second)
  const third = await world.join('bob@b.example/1', { state })
  await third.session.settled()
  expect(third.messages).toEqual([])
})
