import { memoryStore } from '@couplet/client'
import { vouchedBy } from '@couplet/eme'
import { expect, test } from 'vitest'
import type { VersionName } from '../src/index.js'
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
