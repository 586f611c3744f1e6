import { type Blocking, type BlockingChange, blocking, isBlockedError } from '@couplet/blocking'
import type { ClientEvents } from '@couplet/client'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

/** Resolves when so many changes of this kind have been seen. */
const changesOf = (api: Blocking) => {
  const seen: BlockingChange[] = []
  let check = (): void => {}
  api.onChange((change) => {
    seen.push(change)
    check()
  })
  return {
    until: (type: BlockingChange['type'], count = 1) =>
      new Promise<void>((resolve) => {
        check = () => {
          if (seen.filter((change) => change.type === type).length >= count) resolve()
        }
        check()
      }),
  }
}

describe.each(await targets())('blocking through $title', (target) => {
  const open = (account?: { jid: string; password: string }) =>
    openClient(target, { ...(account && { account }), plugins: [blocking()] })
  const pest = `pest@${target.domain}`

  test('what one client blocks and unblocks, all clients see', async () => {
    const account = await target.createUser()
    const [one, other] = [await open(account), await open(account)]
    expect([one.blocking.supported, one.blocking.list.size]).toEqual([true, 0])
    const changes = [one, other].map((client) => changesOf(client.blocking))
    await one.blocking.block([pest, 'evil.example'])
    await Promise.all(changes.map((each) => each.until('blocked', 2)))
    for (const { blocking: api } of [one, other]) {
      expect([...api.list.keys()].sort()).toEqual(['evil.example', pest].sort())
      expect([`${pest}/x`, 'a@evil.example', account.jid].map((jid) => api.isBlocked(jid))).toEqual([true, true, false])
    }
    await other.blocking.unblock(pest)
    await Promise.all(changes.map((each) => each.until('unblocked')))
    await one.blocking.unblockAll()
    await Promise.all(changes.map((each) => each.until('unblocked', 2)))
    expect([one.blocking.list.size, other.blocking.list.size]).toEqual([0, 0])
  })

  test('the next session begins with the list', async () => {
    const account = await target.createUser()
    const first = await open(account)
    await first.blocking.block(pest)
    await first.close()
    const { blocking: api } = await open(account)
    expect([...api.list.keys()]).toEqual([pest])
  })

  test('messages get through in neither direction, and do again', async () => {
    const [one, other] = [await open(), await open()]
    const [inbox, changes] = [messagesOf(one), changesOf(one.blocking)]
    const undeliverable = new Promise<ClientEvents['undeliverable']>((resolve) => one.on('undeliverable', resolve))
    await one.blocking.block(other.account)
    await changes.until('blocked')

    one.send(message({ to: other.jid, type: 'chat', body: 'Can you hear me now?' }))
    const { error } = await undeliverable
    // ejabberd leaves out XEP-0191's own condition.
    expect([error.condition, isBlockedError(error)]).toEqual(['not-acceptable', target.name !== 'ej24'])

    // Whether the sender hears of it differs: some servers say nothing, or nothing about full JIDs.
    for (const to of [one.jid, one.account]) await other.send(message({ to, type: 'chat', body: 'lost' })).acked

    await one.blocking.unblock(other.account)
    await other.send(message({ to: one.jid, type: 'chat', body: 'found' })).acked
    expect((await inbox.until(1)).map(({ body }) => body)).toEqual(['found'])
  })

  test('nobody else changes the list', async () => {
    const [one, mallory] = [await open(), await open()]
    await mallory.blocking.block(one.account)
    await mallory.blocking.unblockAll()
    expect([...one.blocking.list]).toEqual([])
  })
})
