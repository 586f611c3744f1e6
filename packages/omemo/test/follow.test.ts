import type { Subscription } from '@couplet/client'
import { expect, test } from 'vitest'
import type { Followed } from '../src/index.js'
import { World } from './world.js'

/** The plugin of the archive, as far as it is followed; `outcome` is what becomes of its catch-up. */
const archive = (outcome: () => Promise<unknown>): NonNullable<Followed['mam']> & { caughtUp(): void } => {
  const handlers: ((result: { archive: string }) => unknown)[] = []
  return {
    onMissed: () => ({}) as Subscription,
    onCaughtUp: (handler) => {
      handlers.push(handler)
      return { dispose() {} } as Subscription
    },
    catchUp: outcome,
    caughtUp: () => {
      for (const handler of handlers) handler({ archive: 'bob@b.example' })
    },
  }
}

const named = (name: string): Error => Object.assign(new Error(name), { name })

/** Whether Bob answers a session that Alice begins, which he does not while he catches up. */
const answers = async (outcome: () => Promise<unknown>, event = false): Promise<boolean> => {
  const world = new World()
  const alice = await world.join('alice@a.example/1')
  const bob = await world.join('bob@b.example/1', { policy: { completion: 'always' } })
  const mam = archive(outcome)
  bob.omemo.follow({ mam })
  await bob.session.begin()
  if (event) mam.caughtUp()
  await alice.omemo.send({ to: bob.jid, body: 'hi' })
  await world.settle()
  expect(bob.bodies()).toEqual(['hi'])
  return alice.outcomes.some(({ status }) => status === 'empty')
}

test('OMEMO F1 a catch-up ends with that of the archive', async () => {
  expect(await answers(() => new Promise(() => {}))).toBe(false)
  expect(await answers(() => new Promise(() => {}), true)).toBe(true)
  expect(await answers(() => Promise.resolve())).toBe(true)
})

test('OMEMO F1 there is no catch-up where the archive is not caught up with, or cannot be', async () => {
  // What `mam()` without `catchUp: true` says, and what it says of a server without an archive.
  expect(await answers(() => Promise.reject(new TypeError('not wanted')))).toBe(true)
  expect(await answers(() => Promise.reject(named('StanzaError')))).toBe(true)
  expect(await answers(() => Promise.reject(named('ConnectionError')))).toBe(false)
})
