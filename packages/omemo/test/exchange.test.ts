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
