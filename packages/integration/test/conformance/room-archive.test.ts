import { randomBytes } from 'node:crypto'
import { memoryStore, type StateStore } from '@couplet/client'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { muc, type Room } from '@couplet/muc'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { newClient } from './open-client.js'
import { type Target, targets } from './targets.js'

/** Somebody who enters a room, catches up with it, and gets what is said. */
const enter = async (target: Target, address: string, account: Account, store: StateStore = memoryStore()) => {
  const client = await newClient(target, { account, store, plugins: [disco(), muc(), mam({ catchUp: true })] })
  const heard: string[] = []
  let check = (): void => {}
  const take = ({ body }: { readonly body?: string | undefined }): void => {
    if (body !== undefined) heard.push(body)
    check()
  }
  client.onMessage(take)
  client.mam.onMissed(take)
  await client.online()
  const room = await client.muc.join(address, { nick: account.jid.split('@')[0] ?? '' })
  const { count } = await client.mam.catchUp({ archive: room.jid })
  const until = (body: string): Promise<void> =>
    new Promise((resolve) => {
      check = () => void (heard.includes(body) && resolve())
      check()
    })
  return { client, room, heard, until, count, account, store }
}

/** Two in a new room. */
const setUp = async (target: Target) => {
  const address = `r${randomBytes(6).toString('hex')}@rooms.${target.domain}`
  const owner = await enter(target, address, await target.createUser())
  const guest = await enter(target, address, await target.createUser())
  const say = async (room: Room, ...bodies: readonly string[]): Promise<void> => {
    for (const body of bodies) {
      room.send(body)
      await owner.until(body)
    }
  }
  return { address, owner, guest, say }
}

describe.each(await targets())('the archive of a room on $title', (target) => {
  test('R-035 who comes back gets what was said, once, and what is said meanwhile', { timeout: 40_000 }, async () => {
    const { address, owner, guest, say } = await setUp(target)
    await say(owner.room, '1', '2')
    await guest.until('2')
    await guest.client.close()
    await say(owner.room, '3', '4', '5')
    const coming = enter(target, address, guest.account, guest.store)
    await say(owner.room, '6', '7')
    const back = await coming
    await say(owner.room, '8')
    await back.until('8')
    expect([...back.heard].sort()).toEqual(['3', '4', '5', '6', '7', '8'])
    expect((await back.client.mam.catchUp({ archive: address })).count).toBe(0)
    await back.client.close()
    const again = await enter(target, address, guest.account, guest.store)
    expect([again.count, again.heard]).toEqual([0, []])
  })

  test('R-035 what is said between leaving and entering again is missed, and comes', async () => {
    const { owner, guest, say, address } = await setUp(target)
    await say(owner.room, '1')
    await guest.until('1')
    await guest.room.leave()
    await say(owner.room, '2')
    await guest.client.muc.join(address, { nick: 'again' })
    await say(owner.room, '3')
    await guest.until('3')
    expect((await guest.client.mam.catchUp({ archive: address })).count).toBe(1)
    expect(guest.heard).toEqual(['1', '3', '2'])
  })

  test('is read from either end by those who are in, and not by those who are banned', async () => {
    const { owner, guest, say, address } = await setUp(target)
    const bodies = ['1', '2', '3', '4', '5']
    await say(owner.room, ...bodies)
    await say(guest.room, '6')
    const read = async (query: object): Promise<(string | undefined)[]> => {
      const found: (string | undefined)[] = []
      for await (const { message } of guest.client.mam.query({ archive: address, pageSize: 2, ...query })) {
        expect([String(message.from?.bare), message.type]).toEqual([address, 'groupchat'])
        if (message.body !== undefined) found.push(message.body)
      }
      return found
    }
    expect(await read({})).toEqual([...bodies, '6'])
    expect(await read({ newestFirst: true })).toEqual(['6', ...[...bodies].reverse()])
    expect(await read({ last: 3 })).toEqual(['4', '5', '6'])
    await owner.room.ban(guest.client.account)
    await expect(read({})).rejects.toMatchObject({ name: 'StanzaError' })
  })
})
