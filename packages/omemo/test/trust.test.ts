import { Jid, message, NS_CLIENT, xml } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { TrustMessage } from '@couplet/trust-messages'
import { describe, expect, test } from 'vitest'
import { atm, btbv, decideOn, manual, OptOut, type TrustPolicy, tofu, type VersionName } from '../src/index.js'
import { keyName } from '../src/trust/trust-record.js'
import { pairOf } from './pair.js'
import { type Peer, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']

const decide = async (by: Peer, about: Peer, level: 'authenticated' | 'trusted' | 'distrusted' | 'undecided') => {
  const { identityKey } = await about.omemo.self()
  await by.omemo.decide([{ jid: about.jid, keys: [keyName(identityKey as Uint8Array)], level }])
}

describe.each(versions)('%s', (version) => {
  test('OMEMO F16 with manual trust nothing is sent before the user has decided, and somebody is told', async () => {
    const { world, alice, bob } = await pairOf({ versions: [version], trust: manual() })
    await expect(alice.omemo.send({ to: bob.jid, body: 'secret' })).rejects.toMatchObject({
      code: 'untrusted',
      cause: { excluded: [{ jid: bob.jid, reason: 'undecided' }] },
    })
    expect(alice.events.map(({ type }) => type)).toContain('trust-needed')
    expect(alice.outbox()).toEqual([])
    await decide(alice, bob, 'trusted')
    await alice.omemo.send({ to: bob.jid, body: 'secret' })
    await world.settle()
    expect(bob.messages[0]).toMatchObject({ body: 'secret', trust: 'undecided' })
    expect((await alice.omemo.devices(bob.jid))[0]).toMatchObject({ trust: 'trusted', isActive: true })
  })

  const table: readonly [TrustPolicy, boolean, boolean][] = [
    [tofu(), true, false],
    [btbv(), true, true],
    [atm(), true, true],
  ]
  test.each(table)('OMEMO F16 %o: a first device, and one that comes later', async (trust, first, later) => {
    const { world, alice, bob } = await pairOf({ versions: [version], trust })
    const reached = async (): Promise<number> => {
      const sent = await alice.omemo.send({ to: bob.jid, body: 'x' }).catch(() => undefined)
      return sent?.recipients.length ?? 0
    }
    expect(await reached()).toBe(first ? 1 : 0)
    await world.join('bob@b.example/2', { versions: [version] })
    await world.settle()
    expect(await reached()).toBe(later ? 2 : 1)
    // Once a key was compared, a device that comes after that waits for the user.
    await decide(alice, bob, 'authenticated')
    await world.join('bob@b.example/3', { versions: [version] })
    await world.settle()
    const sent = await alice.omemo.send({ to: bob.jid, body: 'y' })
    expect(sent.excluded.map(({ reason }) => reason)).toContain('undecided')
    expect(alice.events.filter(({ type }) => type === 'device-added').length).toBeGreaterThan(0)
  })

  test('OMEMO F23 empty messages need no trust, but who is distrusted gets none', async () => {
    const { world, alice, bob } = await pairOf(
      { versions: [version] },
      { versions: [version], trust: manual(), isContact: () => true },
    )
    await alice.omemo.send({ to: bob.jid, body: 'one' })
    await world.settle()
    // The session is complete: nothing of it is repeated.
    expect(alice.outcomes.map(({ status }) => status)).toEqual(['empty'])
    await decide(bob, alice, 'distrusted')
    await alice.omemo.resetSession(bob.jid)
    await alice.omemo.send({ to: bob.jid, body: 'two' })
    await world.settle()
    expect([bob.bodies(), bob.outcomes.at(-1)?.status]).toEqual([['one'], 'distrusted'])
    expect(alice.outcomes.length).toBe(1)
  })

  test('OMEMO F15 our other devices read what we write, and ask for trust like everybody', async () => {
    const { world, alice, bob } = await pairOf({ versions: [version], trust: manual() }, { versions: [version] })
    const desk = await world.join('alice@a.example/2', { versions: [version] })
    // What nobody has written to can be compared as well.
    const [shown] = await alice.omemo.devices(bob.jid)
    expect(shown?.fingerprint).toBe((await bob.omemo.self()).fingerprint)
    await decide(alice, bob, 'trusted')
    const sent = await alice.omemo.send({ to: bob.jid, body: 'x' })
    expect(sent.excluded).toMatchObject([{ jid: alice.jid, reason: 'undecided' }])
    await decide(alice, desk, 'trusted')
    await alice.omemo.send({ to: bob.jid, body: 'y' })
    await world.settle()
    expect([desk.bodies(), bob.bodies()]).toEqual([['y'], ['x', 'y']])
  })

  test('S-211 OMEMO S10 a device with another identity key is not written to, and not believed', async () => {
    const { world, alice, bob } = await pairOf({ versions: [version] })
    await alice.omemo.send({ to: bob.jid, body: 'one' })
    await world.settle()
    // The server has the bundle of somebody else in the place of his.
    const eve = await world.join('eve@e.example/1', { versions: [version] })
    const bundleOf = (jid: string): [string, Map<string, string>] =>
      [...world.nodes.items].find(([key]) => key.startsWith(`${jid} `) && key.includes('bundles')) as [
        string,
        Map<string, string>,
      ]
    const [, hers] = bundleOf(eve.jid)
    const [, his] = bundleOf(bob.jid)
    for (const id of his.keys()) his.set(id, [...hers.values()][0] as string)
    await alice.omemo.resetSession(bob.jid)
    await expect(alice.omemo.send({ to: bob.jid, body: 'two' })).rejects.toMatchObject({ code: 'no-devices' })
    expect(alice.events.map(({ type }) => type)).toContain('identity-conflict')
  })

  /** Two devices of Bob, whose keys Alice knows before she has written; then she writes, and something happens meanwhile. */
  const whileSending = async (
    trust: TrustPolicy,
    happens: (alice: Peer, bobs: [Peer, Peer], world: World) => unknown,
  ) => {
    const world = new World()
    const options = { versions: [version] }
    const alice = await world.join('alice@a.example/1', { ...options, trust })
    const bobs = [await world.join('bob@b.example/1', options), await world.join('bob@b.example/2', options)] as const
    for (const bob of bobs) await decide(alice, bob, 'authenticated')
    const ids = await Promise.all(bobs.map(async ({ omemo }) => (await omemo.self()).deviceId))
    const happening = await happens(alice, [...bobs], world)
    world.nodes.onGet = async (jid, node, id) => {
      if (jid !== bobs[1].jid || !node.includes('bundles') || !`${node} ${id}`.includes(String(ids[1]))) return
      world.nodes.onGet = () => {}
      await (happening as () => Promise<unknown>)()
    }
    const sent = await alice.omemo.send({ to: bobs[0].jid, body: 'secret' })
    const [element] = world.take(alice)
    return { sent, ids, rids: [...String(element).matchAll(/rid='(\d+)'/g)].map((match) => Number(match[1])) }
  }

  test('OMEMO S10 C3 a session that another key has begun while bundles are fetched is not used', async () => {
    const { sent, ids, rids } = await whileSending(manual(), async (alice, [bob], world) => {
      // The server has a device of its own, and says that what it writes is from a device of his.
      const eve = await world.join('bob@b.example/3', { versions: [version] })
      await eve.omemo.send({ to: alice.jid, body: 'from bob' })
      const [element] = world.take(eve)
      const [own, his] = [(await eve.omemo.self()).deviceId, (await bob.omemo.self()).deviceId]
      await eve.omemo.disable()
      await world.settle()
      const forged = parseXml(String(element).replace(`sid='${own}'`, `sid='${his}'`))
      return async () => {
        await alice.omemo.receive(alice.session.inbound(forged, 'live'))
        expect(alice.bodies()).toEqual(['from bob'])
      }
    })
    expect(sent.recipients).toMatchObject([{ deviceId: ids[1] }])
    expect(sent.errors).toMatchObject([{ deviceId: ids[0], error: { code: 'identity-conflict' } }])
    expect(rids).toEqual([ids[1]])
  })

  test('OMEMO S5 who shows the identity key of somebody else is told about, and not trusted by that', async () => {
    const { world, alice, bob } = await pairOf({ versions: [version] })
    await alice.omemo.send({ to: bob.jid, body: 'one' })
    const id = (await bob.omemo.self()).deviceId
    for (const [key, items] of [...world.nodes.items]) {
      if (key.startsWith(bob.jid)) world.nodes.items.set(key.replace(bob.jid, 'eve@e.example'), new Map(items))
    }
    await expect(alice.omemo.send({ to: 'eve@e.example', body: 'two' })).rejects.toMatchObject({ code: 'untrusted' })
    expect(alice.events).toContainEqual({ type: 'identity-shared', jid: 'eve@e.example', with: bob.jid })
    expect(id).toBeGreaterThan(0)
  })
})

test('OMEMO S9 a device that has spoken omemo:2 is not written to in 0.3 because its list is gone', async () => {
  const { world, alice, bob } = await pairOf({})
  await alice.omemo.send({ to: bob.jid, body: 'one' })
  await world.settle()
  world.nodes.write(bob.jid, 'urn:xmpp:omemo:2:devices', 'current', "<devices xmlns='urn:xmpp:omemo:2'/>")
  await world.settle()
  const sent = await alice.omemo.send({ to: bob.jid, body: 'two' })
  expect(sent.recipients).toMatchObject([{ version: 'omemo2' }])
  expect(alice.events).toContainEqual({
    type: 'downgrade',
    jid: bob.jid,
    deviceId: sent.recipients[0]?.deviceId,
    used: 'omemo2',
  })
  // Without a session there is no way but the policy's.
  await alice.omemo.resetSession(bob.jid)
  await expect(alice.omemo.send({ to: bob.jid, body: 'three' })).rejects.toMatchObject({ code: 'no-devices' })
})

test('OMEMO S9 the policy may allow it', async () => {
  const { world, alice, bob } = await pairOf({ policy: { downgrade: 'allow' } })
  await alice.omemo.send({ to: bob.jid, body: 'one' })
  world.nodes.write(bob.jid, 'urn:xmpp:omemo:2:devices', 'current', "<devices xmlns='urn:xmpp:omemo:2'/>")
  await world.settle()
  await alice.omemo.resetSession(bob.jid)
  expect((await alice.omemo.send({ to: bob.jid, body: 'two' })).recipients).toMatchObject([{ version: 'legacy' }])
})

test('OMEMO S2 who opts out gets nothing before the user has agreed to plain text', async () => {
  const { world, alice, bob } = await pairOf({ versions: ['omemo2'] })
  await bob.omemo.send({ to: alice.jid, content: [OptOut({ reason: 'the archive' })] })
  await world.settle()
  expect(alice.outcomes.at(-1)).toMatchObject({ status: 'opt-out', reason: 'the archive' })
  expect(alice.events).toContainEqual({ type: 'opt-out', jid: bob.jid, reason: 'the archive' })
  expect(alice.messages).toEqual([])
  await expect(alice.omemo.send({ to: bob.jid, body: 'x' })).rejects.toMatchObject({ code: 'opted-out' })
  expect(await alice.omemo.chats.of(bob.jid)).toEqual({ isRequired: false, isOptedOut: true })
  await alice.omemo.chats.change(bob.jid, { isOptedOut: false })
  await alice.omemo.send({ to: bob.jid, body: 'x' })
})

test('OMEMO F6 what is said beside an opt-out or a trust message is heard', async () => {
  const { world, alice, bob } = await pairOf({ versions: ['omemo2'] })
  const { identityKey } = await bob.omemo.self()
  const trust = TrustMessage({
    usage: 'urn:xmpp:atm:1',
    encryption: 'urn:xmpp:omemo:2',
    owners: [{ jid: Jid.parse(bob.jid), trust: [identityKey as Uint8Array], distrust: [] }],
  })
  await bob.omemo.send({ to: alice.jid, body: 'look', content: [trust] })
  await bob.omemo.send({ to: alice.jid, body: 'bye', content: [OptOut({ reason: 'the archive' })] })
  await world.settle()
  expect(alice.bodies()).toEqual(['look', 'bye'])
  expect(alice.messages.map(({ content }) => content.map(({ name }) => name))).toEqual([['body'], ['body']])
  expect(await alice.omemo.chats.of(bob.jid)).toMatchObject({ isOptedOut: true })
})

test('devices are shown with the trust that counts, not with what it would be without the others', async () => {
  const world = new World()
  const options = { versions: ['omemo2'] as const }
  const alice = await world.join('alice@a.example/1', { ...options, trust: atm() })
  const phone = await world.join('bob@b.example/1', options)
  await world.join('bob@b.example/2', options)
  await alice.omemo.send({ to: 'bob@b.example', body: 'x' })
  const levels = async (): Promise<readonly string[]> =>
    (await alice.omemo.devices('bob@b.example')).map(({ trust }) => trust).sort()
  expect(await levels()).toEqual(['blind', 'blind'])
  const { identityKey } = (await phone.omemo.self()) as { identityKey: Uint8Array }
  await alice.omemo.decide([decideOn(Jid.parse(phone.jid), identityKey, 'authenticated')])
  expect(await levels()).toEqual(['authenticated', 'undecided'])
})

test('OMEMO S2 plain text in a chat that is encrypted is told about', async () => {
  const { alice, bob } = await pairOf({ versions: ['omemo2'] })
  await alice.omemo.chats.change(bob.jid, { isRequired: true })
  alice.session.receive(`<message from='${bob.jid}/1' type='chat' id='p1'><body>trust me</body></message>`)
  await alice.session.settled()
  expect(alice.events).toContainEqual({ type: 'plaintext-received', jid: bob.jid, id: 'p1' })
  const plain = message({ to: bob.jid, type: 'chat', body: 'in the open' })
  await expect(alice.omemo.chats.sendPlain(plain)).rejects.toMatchObject({ code: 'encryption-required' })
  await alice.omemo.chats.change(bob.jid, { isRequired: false, isOptedOut: true })
  await expect(alice.omemo.chats.sendPlain(plain)).rejects.toMatchObject({ code: 'opted-out' })
  expect(alice.outbox()).toEqual([])
  await alice.omemo.chats.change(bob.jid, { isOptedOut: false })
  await alice.omemo.chats.sendPlain(plain)
  expect(alice.outbox().map(({ body }) => body)).toEqual(['in the open'])
  const before = alice.events.length
  alice.session.receive(`<message from='${bob.jid}/1' type='chat' id='p2'><body>fine</body></message>`)
  await alice.session.settled()
  expect(alice.events.length).toBe(before)
})

test('mixed audiences: one message with both, two messages, or the old version for all', async () => {
  for (const [mixed, count, used] of [
    ['one-stanza', 1, ['legacy', 'omemo2']],
    ['two-stanzas', 2, ['legacy', 'omemo2']],
    ['legacy-only', 1, ['legacy', 'legacy']],
  ] as const) {
    const world = new World()
    const alice = await world.join('alice@a.example/1', { policy: { mixed } })
    const bobs = [
      await world.join('bob@b.example/1', {}),
      await world.join('bob@b.example/2', { versions: ['legacy'] }),
    ]
    const content = [xml('urn:example:reaction', 'reaction')]
    const sent = await alice.omemo.send({ to: 'bob@b.example', body: 'x', content })
    expect(sent.recipients.map(({ version }) => version).sort()).toEqual(used)
    expect(sent.legacyDropped).toEqual(['{urn:example:reaction}reaction'])
    expect(alice.outbox().length).toBe(count)
    await world.settle()
    expect(bobs.map((bob) => bob.bodies())).toEqual([['x'], ['x']])
    expect(bobs[0]?.messages[0]?.content.length).toBe(mixed === 'legacy-only' ? 1 : 2)
    expect(bobs.flatMap(({ outcomes }) => outcomes).filter(({ status }) => status === 'failed')).toEqual([])
  }
})

test('what has no text cannot be sent to 0.3', async () => {
  const { alice, bob } = await pairOf({ versions: ['legacy'] })
  const content = [xml('urn:example:reaction', 'reaction')]
  await expect(alice.omemo.send({ to: bob.jid, content })).rejects.toMatchObject({ code: 'no-devices' })
  await expect(alice.omemo.send({ to: bob.jid })).rejects.toThrow(TypeError)
  expect(NS_CLIENT).toBe('jabber:client')
})
