import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { StateStore } from '@couplet/client'
import { fileStore } from '@couplet/file-store'
import type { VersionName } from '@couplet/omemo'
import { describe, expect, onTestFinished, test } from 'vitest'
import { servers } from './omemo-targets.js'
import { openStore } from './open-store.js'
import { OurUser } from './our-user.js'
import { privateRoom } from './private-room.js'

const each: readonly VersionName[] = ['omemo2', 'legacy']

/** A store in a file, which is gone after the test. */
const storeInFile = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'couplet-omemo-'))
  const store = fileStore(join(folder, 'state.json'))
  onTestFinished(async () => {
    await store[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })
  return store
}

describe.each(servers)('two bots of ours on $title', (target) => {
  describe.each(each)('in %s', (name) => {
    test('OMEMO F3 both begin at once, both start anew again and again, one with its state in a file', async () => {
      const only = { versions: [name] }
      const [juliet, romeo] = await Promise.all([
        OurUser.start(target, { ...only, store: await storeInFile() }),
        OurUser.start(target, only),
      ])
      await Promise.all([juliet.send(romeo.jid, 'begin j'), romeo.send(juliet.jid, 'begin r')])
      await Promise.all([romeo.hears('begin j'), juliet.hears('begin r')])
      for (const round of [1, 2, 3]) {
        await juliet.send(romeo.jid, `j ${round}`)
        await romeo.hears(`j ${round}`)
        await juliet.restart()
        await romeo.send(juliet.jid, `r ${round}`)
        await juliet.hears(`r ${round}`)
        await romeo.restart()
      }
      expect(juliet.bodies).toEqual(['begin r', 'r 1', 'r 2', 'r 3'])
      expect(romeo.bodies).toEqual(['begin j', 'j 1', 'j 2', 'j 3'])
      expect([...juliet.failures, ...romeo.failures]).toEqual([])
    })
  })

  test('in a room for members only, one of them new in it', async () => {
    const users = await Promise.all([OurUser.start(target), OurUser.start(target), OurUser.start(target)])
    const [one, other, third] = users
    const rooms = await privateRoom(target, [one.client, other.client])
    const address = String(rooms[0]?.jid)
    await one.sendToRoom(address, 'to two')
    await other.hears('to two')
    await rooms[0]?.setAffiliation(third.jid, 'member')
    await third.client.muc.join(address, { nick: 'third' })
    await other.sendToRoom(address, 'to three')
    for (const user of [one, third]) expect(await user.hears('to three')).toMatchObject({ room: address })
    expect(third.bodies).toEqual(['to three'])
    expect(users.flatMap(({ failures }) => failures)).toEqual([])
  })

  test('OMEMO F18 a text whose handler has ended is crossed out before the client is closed', async () => {
    const records = openStore()
    let offline: Promise<void> | undefined
    // What is written after the handler gets there when the client is offline.
    const store: StateStore = {
      ...records,
      async batch(changes) {
        await offline
        await setImmediate()
        await records.batch(changes)
      },
    }
    const [juliet, romeo] = await Promise.all([OurUser.start(target, { store }), OurUser.start(target)])
    await juliet.send(romeo.jid, 'one')
    await romeo.send(juliet.jid, 'two')
    await juliet.hears('two')
    juliet.client.omemo.onMessage(() => {
      offline = new Promise((resolve) => juliet.client.on('status', ({ state }) => state === 'offline' && resolve()))
    })
    await romeo.send(juliet.jid, 'three')
    await juliet.hears('three')
    await juliet.leave()
    const left = Object.entries(records.records()).filter(([key]) => key.includes('/omemo/journal'))
    expect(left.map(([, { value }]) => value)).toEqual([expect.objectContaining({ data: '[]' })])
  })

  test('a state that a later release has written is refused, and left as it is', async () => {
    const [juliet, romeo] = await Promise.all([OurUser.start(target), OurUser.start(target)])
    const account = await target.createUser()
    const before = openStore()
    const old = await OurUser.start(target, { account, store: before })
    await old.send(romeo.jid, 'today')
    await romeo.hears('today')
    await old.client.close()
    const later = Object.entries(before.records()).map(([key, record]) =>
      key.includes('/omemo/session') ? [key, { ...record, version: 99 }] : [key, record],
    )
    const store = openStore(Object.fromEntries(later))
    const restored = await OurUser.start(target, { account, store })
    await expect(restored.send(romeo.jid, 'not with this one')).rejects.toMatchObject({
      code: 'no-devices',
      cause: { errors: [{ jid: romeo.jid, error: { code: 'newer-record' } }] },
    })
    await restored.send(juliet.jid, 'others can be written to')
    await juliet.hears('others can be written to')
    for (const [key, record] of later as [string, { version: number }][]) {
      if (record.version === 99) expect(store.records()[key]).toEqual(record)
    }
  })
})
