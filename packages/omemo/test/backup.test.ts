import { memoryStore, type StateStore } from '@couplet/client'
import { describe, expect, test } from 'vitest'
import { costs } from '../src/backup/backup-file.js'
import type { VersionName } from '../src/index.js'
import { keyName } from '../src/trust/trust-record.js'
import { lastOutcome, type Peer, World } from './world.js'

const passphrase = 'correct horse battery staple'
const cost = costs.least
const keyOf = async ({ omemo }: Peer): Promise<string> => keyName((await omemo.self()).identityKey as Uint8Array)
const idOf = async ({ omemo }: Peer): Promise<number> => (await omemo.self()).deviceId
const versions: readonly VersionName[] = ['omemo2', 'legacy']
const empty = { automatic: false, isAnnounced: false } as const

/** Both have written to each other; alice has compared bob's key, and made a backup. */
const scene = async (options: { readonly versions?: readonly VersionName[]; readonly state?: StateStore } = {}) => {
  const world = new World()
  const { state, ...rest } = options
  const alice = await world.join('alice@a.example/1', { ...rest, ...(state && { state }) })
  const bob = await world.join('bob@b.example/1', rest)
  const talk = async (from: Peer, to: Peer, body: string): Promise<void> => {
    await from.omemo.send({ to: to.jid, body })
    await world.settle()
  }
  await talk(alice, bob, 'one')
  await talk(bob, alice, 'two')
  await alice.omemo.decide([{ jid: bob.jid, keys: [await keyOf(bob)], level: 'authenticated' }])
  await alice.omemo.chats.change(bob.jid, { isRequired: true })
  const file = await alice.omemo.backup.export({ passphrase, cost })
  return { world, alice, bob, talk, file, rest }
}

describe.each(versions)('%s', (version) => {
  test('OMEMO F4 as a new device beside the old one: the same identity, another id, and all three read everything', async () => {
    const { world, alice, bob, talk, file, rest } = await scene({ versions: [version] })
    const desk = await world.join('alice@a.example/2', { ...rest, ...empty })
    await desk.omemo.backup.import(file, { passphrase })
    await desk.omemo.enable()
    expect([await keyOf(desk), (await idOf(desk)) === (await idOf(alice))]).toEqual([await keyOf(alice), false])
    await talk(desk, bob, 'from the desk')
    await talk(bob, desk, 'to both')
    await talk(alice, bob, 'from the phone')
    expect(bob.bodies()).toEqual(['one', 'from the desk', 'from the phone'])
    expect(alice.bodies()).toEqual(['two', 'from the desk', 'to both'])
    expect(desk.bodies()).toEqual(['to both', 'from the phone'])
    for (const { outcomes } of [alice, bob, desk])
      expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([])
    // Whoever has our key is us; nobody has to decide about that.
    expect((await desk.omemo.devices(alice.jid)).map(({ trust }) => trust)).toEqual(['authenticated'])
    expect(desk.messages.at(-1)?.trust).toBe('authenticated')
    expect(desk.events.filter(({ type }) => type === 'trust-needed')).toEqual([])
  }, 60_000)

  test('OMEMO F4 as the same device: no prekey has the id of another one, and one message is lost at most', async () => {
    const { world, alice, bob, talk, file, rest } = await scene({ versions: [version] })
    const id = await idOf(alice)
    const bundle = (): string =>
      [...world.nodes.items]
        .filter(([key]) => key.includes(alice.jid) && key.includes('bundles'))
        .map(([, items]) => [...items.values()].join(''))
        .join('')
    const idsIn = (xml: string): string[] =>
      [...xml.matchAll(/(?:<pk id|<preKeyPublic preKeyId)=['"](\d+)/g)].map((match) => String(match[1]))
    const signedIn = (xml: string): string => /(?:spk id|signedPreKeyId)=['"](\d+)/.exec(xml)?.[1] ?? ''
    const before = bundle()
    for (let n = 0; n < 10; n++) {
      await talk(alice, bob, `lost a${n}`)
      await talk(bob, alice, `lost b${n}`)
    }
    world.leave(alice)
    const next = await world.join('alice@a.example/1', { ...rest, ...empty })
    await next.omemo.backup.import(file, { passphrase, as: 'same-device' })
    await next.omemo.enable()
    expect(await idOf(next)).toBe(id)
    const after = bundle()
    expect([idsIn(after).length, idsIn(after).filter((each) => idsIn(before).includes(each))]).toEqual([100, []])
    expect(signedIn(after)).not.toBe(signedIn(before))
    // Bob does not know yet, and uses the session that is gone.
    await talk(bob, next, 'not read')
    for (let n = 0; n < 10; n++) {
      await talk(next, bob, `a${n}`)
      await talk(bob, next, `b${n}`)
    }
    const failures = (peer: Peer): number => peer.outcomes.filter(({ status }) => status === 'failed').length
    expect([failures(next), failures(bob)]).toEqual([1, 0])
    expect(bob.bodies().slice(-10)).toEqual(Array.from({ length: 10 }, (_, n) => `a${n}`))
    expect(next.bodies()).toEqual(Array.from({ length: 10 }, (_, n) => `b${n}`))
  }, 60_000)

  test('OMEMO F4 the same device again: of a contact who writes first one message is lost, and not the next', async () => {
    const { world, alice, bob, talk, file, rest } = await scene({ versions: [version] })
    world.leave(alice)
    const next = await world.join('alice@a.example/1', { ...rest, ...empty })
    await next.omemo.backup.import(file, { passphrase, as: 'same-device' })
    await next.omemo.enable()
    await talk(bob, next, 'lost')
    await talk(bob, next, 'read')
    expect(next.outcomes.map(({ status }) => status)).toEqual(['failed', 'empty', 'decrypted'])
    expect(next.bodies()).toEqual(['read'])
  }, 60_000)

  test('OMEMO F4 sessions that are left in the store of a snapshot are not used by the same device', async () => {
    const records = new Map<string, string>()
    const state: StateStore = {
      get: async (key) => JSON.parse(records.get(key) ?? 'null') ?? undefined,
      batch: async (changes) => {
        for (const { key, record } of changes) {
          if (record === undefined) records.delete(key)
          else records.set(key, JSON.stringify(record))
        }
      },
    }
    const { world, alice, bob, talk, file, rest } = await scene({ versions: [version], state })
    const snapshot = new Map(records)
    for (let n = 0; n < 3; n++) await talk(alice, bob, `lost ${n}`)
    world.leave(alice)
    records.clear()
    for (const [key, text] of snapshot) if (!/(?:^|\W)(?:account|keys)$/.test(key)) records.set(key, text)
    const sessions = (): string[] => [...records.keys()].filter((key) => /(?:^|\W)session\//.test(key))
    expect(sessions().length).toBeGreaterThan(0)
    const next = await world.join('alice@a.example/1', { ...rest, ...empty, state })
    await next.omemo.backup.import(file, { passphrase, as: 'same-device' })
    expect(sessions()).toEqual([])
    await next.omemo.enable()
    await talk(next, bob, 'anew')
    expect(lastOutcome(bob)).toMatchObject({ status: 'decrypted', body: 'anew' })
  }, 60_000)
})

test('OMEMO F4 F16 S2 trust, what devices have spoken and what a chat demands come back', async () => {
  const { world, alice, bob, file } = await scene()
  world.leave(alice)
  const next = await world.join('alice@a.example/2', empty)
  await next.omemo.backup.import(file, { passphrase })
  await next.omemo.enable()
  expect((await next.omemo.devices(bob.jid)).map(({ trust }) => trust)).toEqual(['authenticated'])
  expect(await next.omemo.chats.of(bob.jid)).toEqual({ isRequired: true, isOptedOut: false })
  // OMEMO S10: another key under bob's id is refused, as before.
  const stranger = await world.join('bob@b.example/2')
  for (const [key, items] of world.nodes.items) {
    if (!key.startsWith(`${bob.jid} `) || !key.includes('omemo:2:bundles')) continue
    items.set(String(await idOf(bob)), items.get(String(await idOf(stranger))) as string)
  }
  const failed = await next.omemo.send({ to: bob.jid, body: 'x' }).catch(({ cause }) => cause)
  expect(failed.errors.map(({ error }: { error: { code: string } }) => error.code)).toContain('identity-conflict')
}, 60_000)

test('OMEMO F4 the identity alone', async () => {
  const { world, alice, bob } = await scene()
  const file = await alice.omemo.backup.export({ passphrase, cost, include: 'identity' })
  const [key, label] = [await keyOf(alice), undefined]
  world.leave(alice)
  const next = await world.join('alice@a.example/2', empty)
  await next.omemo.backup.import(file, { passphrase })
  await next.omemo.enable()
  expect([await keyOf(next), (await next.omemo.self()).label]).toEqual([key, label])
  expect((await next.omemo.devices(bob.jid)).map(({ trust }) => trust)).toEqual(['blind'])
}, 60_000)

test('OMEMO F4 nothing is restored over a device, for another account, or by a wrong passphrase', async () => {
  const { world, alice, file } = await scene()
  const refused = (peer: Peer, given = passphrase, bytes = file) =>
    peer.omemo.backup.import(bytes, { passphrase: given }).then(
      () => 'restored',
      ({ code }) => code,
    )
  const before = await alice.omemo.self()
  expect(await refused(alice)).toBe('device-exists')
  expect(await alice.omemo.self()).toEqual(before)
  const carol = await world.join('carol@c.example/1', empty)
  expect(await refused(carol)).toBe('other-account')
  const records = new Map<string, unknown>()
  const store = memoryStore()
  const state: StateStore = {
    get: (key) => store.get(key),
    batch: async (changes) => {
      for (const { key, record } of changes) records.set(key, record)
      return store.batch(changes)
    },
  }
  const next = await world.join('alice@a.example/2', { ...empty, state })
  expect(await refused(next, 'correct horse')).toBe('wrong-passphrase')
  expect(await refused(next, passphrase, file.slice(0, -1))).toBe('bad-backup')
  expect([...records.keys()]).toEqual([])
  await expect(next.omemo.self()).rejects.toMatchObject({ code: 'no-devices' })
  await expect(next.omemo.backup.export({ passphrase, cost })).rejects.toMatchObject({ code: 'no-devices' })
  await expect(alice.omemo.backup.export({ passphrase: '', cost })).rejects.toThrow(TypeError)
  await expect(alice.omemo.backup.export({ passphrase, cost: 10 })).rejects.toThrow(RangeError)
}, 60_000)

test('OMEMO F4 where a device was made before its user thought of the backup', async () => {
  const { world, alice, bob, talk, file } = await scene()
  const key = await keyOf(alice)
  world.leave(alice)
  const hasty = await world.join('alice@a.example/2')
  await talk(hasty, bob, 'who is that?')
  expect(await keyOf(hasty)).not.toBe(key)
  const gone = await idOf(hasty)
  await hasty.omemo.destroyIdentity()
  await hasty.omemo.backup.import(file, { passphrase })
  await hasty.omemo.enable()
  expect([await keyOf(hasty), (await idOf(hasty)) === gone]).toEqual([key, false])
  await talk(hasty, bob, 'it is me')
  await talk(bob, hasty, 'so it is')
  expect([bob.bodies().at(-1), hasty.bodies()]).toEqual(['it is me', ['so it is']])
  const ids = (await bob.omemo.devices(alice.jid)).filter(({ isActive }) => isActive).map(({ deviceId }) => deviceId)
  expect(ids).not.toContain(gone)
}, 60_000)

test('OMEMO F4 a store that fails leaves nothing of a backup behind', async () => {
  const { world, alice, file } = await scene()
  world.leave(alice)
  const inner = memoryStore()
  let isBroken = true
  const state: StateStore = {
    get: (key) => inner.get(key),
    batch: (changes) => (isBroken ? Promise.reject(new Error('the disk is full')) : inner.batch(changes)),
  }
  const next = await world.join('alice@a.example/2', { ...empty, state })
  await expect(next.omemo.backup.import(file, { passphrase })).rejects.toThrow('the disk is full')
  await expect(next.omemo.self()).rejects.toMatchObject({ code: 'no-devices' })
  isBroken = false
  await next.omemo.backup.import(file, { passphrase })
  await next.omemo.enable()
  expect((await next.omemo.devices('bob@b.example')).map(({ trust }) => trust)).toEqual(['authenticated'])
}, 60_000)

test('OMEMO F4 S23 nothing of it can be read without the passphrase, and the same backup never looks the same', async () => {
  const { alice, bob, file } = await scene()
  const text = Buffer.from(file).toString('latin1')
  for (const secret of [alice.jid, bob.jid, await keyOf(alice), await keyOf(bob), passphrase]) {
    expect(text).not.toContain(secret)
  }
  const again = await alice.omemo.backup.export({ passphrase, cost })
  expect(again.length).toBe(file.length)
  expect(Buffer.from(again.subarray(26)).equals(file.subarray(26))).toBe(false)
}, 60_000)
