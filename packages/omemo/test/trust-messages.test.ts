import { memoryStore } from '@couplet/client'
import { StanzaError, type XmlElement } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { atm } from '../src/index.js'
import { keyName } from '../src/trust/trust-record.js'
import { type JoinOptions, type Peer, World } from './world.js'

const keyOf = async ({ omemo }: Peer): Promise<string> => keyName((await omemo.self()).identityKey as Uint8Array)
const authenticate = async (by: Peer, about: Peer): Promise<void> =>
  by.omemo.decide([{ jid: about.jid, keys: [await keyOf(about)], level: 'authenticated' }])
const levelOf = async (by: Peer, about: Peer): Promise<string | undefined> => {
  const id = (await about.omemo.self()).deviceId
  return (await by.omemo.devices(about.jid)).find(({ deviceId }) => deviceId === id)?.trust
}

/** Two devices of one account, and somebody both have written to. */
const twoAndBob = async () => {
  const world = new World()
  const options = { trust: atm() }
  const [phone, desk] = [await world.join('alice@a.example/1', options), await world.join('alice@a.example/2', options)]
  const bob = await world.join('bob@b.example/1', options)
  for (const from of [phone, desk]) await from.omemo.send({ to: bob.jid, body: 'hi' })
  await world.settle()
  return { world, phone, desk, bob }
}

test('what the user compares on one device, the other devices learn (XEP-0450)', async () => {
  const { world, phone, desk, bob } = await twoAndBob()
  // Each of the own devices has compared the other.
  await authenticate(phone, desk)
  await authenticate(desk, phone)
  await world.settle()
  expect(await levelOf(desk, bob)).not.toBe('authenticated')
  await authenticate(phone, bob)
  await world.settle()
  expect(await levelOf(desk, bob)).toBe('authenticated')
  expect(desk.outcomes.map(({ status }) => status)).toContain('trust-message')
  expect(desk.events).toContainEqual(
    expect.objectContaining({ type: 'trust-changed', jid: bob.jid, level: 'authenticated', by: 'trust-message' }),
  )
  // They are for nobody to read.
  expect(desk.bodies().filter((body) => body !== 'hi')).toEqual([])
})

test('OMEMO S24 a trust message that comes again, or from somebody who is not authenticated, decides nothing', async () => {
  const { world, phone, desk, bob } = await twoAndBob()
  const heard: XmlElement[] = []
  const deliver = world.deliver.bind(world)
  world.deliver = (to, element) => {
    if (to === desk) heard.push(element)
    return deliver(to, element)
  }
  await authenticate(phone, desk)
  await authenticate(phone, bob)
  await world.settle()
  // The desk has not compared the phone: it waits.
  expect(await levelOf(desk, bob)).not.toBe('authenticated')
  await authenticate(desk, phone)
  await world.settle()
  expect(await levelOf(desk, bob)).toBe('authenticated')
  const again = heard.splice(0)
  expect(again.length).toBeGreaterThan(0)
  await desk.omemo.decide([{ jid: bob.jid, keys: [await keyOf(bob)], level: 'distrusted' }])
  desk.outcomes.length = 0
  for (const element of again) world.deliver(desk, element)
  await world.settle()
  // Some were for Bob alone.
  const statuses = new Set(desk.outcomes.map(({ status }) => status))
  expect([...statuses].sort()).toEqual(['duplicate', 'not-for-this-device'])
  expect(await levelOf(desk, bob)).toBe('distrusted')
})

/** Two devices that have compared each other, and what the phone keeps. */
const comparedPair = async () => {
  const world = new World()
  const state = memoryStore()
  const kill = { isDue: false, isDone: false }
  /** Of a process that ends as soon as a decision is stored. */
  const batch: typeof state.batch = async (changes) => {
    if (kill.isDone) throw new Error('the process has died')
    await state.batch(changes)
    kill.isDone = kill.isDue
  }
  const join = (address: string, more: JoinOptions = {}) => world.join(address, { trust: atm(), ...more })
  const phone = await join('alice@a.example/1', { state: { get: state.get, batch } })
  const desk = await join('alice@a.example/2')
  const [bob, eve] = [await join('bob@b.example/1'), await join('eve@e.example/1')]
  for (const from of [phone, desk]) {
    for (const { jid } of [bob, eve]) await from.omemo.send({ to: jid, body: 'hi' })
  }
  await world.settle()
  await authenticate(phone, desk)
  await authenticate(desk, phone)
  await world.settle()
  // Whoever wants to write to the desk needs its bundle.
  await phone.omemo.resetSession(desk.jid)
  const startAgain = async (): Promise<Peer> => {
    const again = await join('alice@a.example/1', { state })
    await world.settle()
    return again
  }
  return { world, phone, desk, bob, eve, startAgain, kill }
}

test('a device that cannot be told what was decided is an event, and is told in the next session (XEP-0450)', async () => {
  const { world, phone, desk, bob, startAgain } = await comparedPair()
  world.nodes.onGet = (_jid, node) => {
    if (node.includes('bundles')) throw new StanzaError({ condition: 'remote-server-timeout' })
  }
  await authenticate(phone, bob)
  await world.settle()
  const { identityKey } = await desk.omemo.self()
  const error = expect.objectContaining({ condition: 'remote-server-timeout' })
  expect(phone.events).toContainEqual({ type: 'trust-untold', jid: desk.jid, identityKey, error })
  expect(await levelOf(desk, bob)).not.toBe('authenticated')
  world.nodes.onGet = () => {}
  world.leave(phone)
  const second = await startAgain()
  expect(await levelOf(desk, bob)).toBe('authenticated')
  // Once is enough.
  world.leave(second)
  const third = await startAgain()
  expect(third.session.sent.filter(({ element }) => element.name === 'message')).toEqual([])
})

test('what a process was about to tell when it ended is told by the next one', async () => {
  const { world, phone, desk, bob, eve, startAgain, kill } = await comparedPair()
  const keyed = async (about: Peer) => ({ jid: about.jid, keys: [await keyOf(about)] })
  const decisions = [
    { ...(await keyed(bob)), level: 'authenticated' as const },
    { ...(await keyed(eve)), level: 'distrusted' as const },
  ]
  kill.isDue = true
  await phone.omemo.decide(decisions)
  await phone.session.settled()
  world.leave(phone)
  await world.settle()
  expect([await levelOf(desk, bob), await levelOf(desk, eve)]).toEqual(['blind', 'blind'])
  await startAgain()
  expect([await levelOf(desk, bob), await levelOf(desk, eve)]).toEqual(['authenticated', 'distrusted'])
})

test('a device that is there no more is not told again', async () => {
  const { world, phone, desk, bob, startAgain } = await comparedPair()
  world.leave(desk)
  for (const [node, name, ns] of [
    ['urn:xmpp:omemo:2:devices', 'devices', 'urn:xmpp:omemo:2'],
    ['eu.siacs.conversations.axolotl.devicelist', 'list', 'eu.siacs.conversations.axolotl'],
  ] as const) {
    world.nodes.write(desk.jid, node, 'current', `<${name} xmlns='${ns}'/>`)
  }
  await world.settle()
  await authenticate(phone, bob)
  await world.settle()
  const untold = ({ events }: Peer) => events.filter(({ type }) => type === 'trust-untold')
  expect(untold(phone)).toMatchObject([{ jid: desk.jid, error: { code: 'no-devices' } }])
  world.leave(phone)
  expect(untold(await startAgain())).toEqual([])
})
