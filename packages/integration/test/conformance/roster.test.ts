import { memoryStore } from '@couplet/client'
import { type Roster, type RosterChange, roster } from '@couplet/roster'
import { tcp } from '@couplet/tcp'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { recordingTransport } from './recording-transport.js'
import { type Target, targets } from './targets.js'

/** Resolves with the change of this kind, also if it has been before. */
const changesOf = (api: Roster) => {
  const seen: RosterChange[] = []
  let check = (): void => {}
  api.onChange((change) => {
    seen.push(change)
    check()
  })
  return {
    seen,
    until: (type: RosterChange['type'], count = 1) =>
      new Promise<void>((resolve) => {
        check = () => {
          if (seen.filter((change) => change.type === type).length >= count) resolve()
        }
        check()
      }),
  }
}

describe.each(await targets())('the roster of $title', (target) => {
  const open = (options: Parameters<typeof openClient>[1] = {}) =>
    openClient(target, { ...options, plugins: [roster()] })
  const friend = `friend@${target.domain}`

  test('what one client changes, all clients see', async () => {
    const account = await target.createUser()
    const [one, other] = await Promise.all([open({ account }), open({ account })])
    expect([one.roster.contacts.size, other.roster.contacts.size]).toEqual([0, 0])
    const changes = [one, other].map((client) => changesOf(client.roster))
    await one.roster.add(friend, { name: 'Fritz', groups: ['A', 'B'] })
    await Promise.all(changes.map((each) => each.until('added')))
    for (const { roster: api } of [one, other]) {
      const { name, groups, subscription, asked } = api.get(friend)!
      expect([name, [...groups].sort(), subscription, asked]).toEqual(['Fritz', ['A', 'B'], 'none', false])
    }
    await other.roster.update(friend, { groups: ['C'] })
    await Promise.all(changes.map((each) => each.until('updated')))
    expect(one.roster.get(`${friend}/x`)).toMatchObject({ name: 'Fritz', groups: ['C'] })
    await one.roster.remove(friend)
    await Promise.all(changes.map((each) => each.until('removed')))
    expect([one.roster.contacts.size, other.roster.contacts.size]).toEqual([0, 0])
    // RFC 6121 §2.5.3 wants `item-not-found`.
    const again = one.roster.remove(friend)
    if (target.name === 'ej24') await again
    else await expect(again).rejects.toMatchObject({ name: 'StanzaError', condition: 'item-not-found' })
  })

  test('R-038 a cache is brought up to date, and the roster comes again only if nothing else helps', async () => {
    const account = await target.createUser()
    const store = memoryStore()
    const writer = await open({ account })
    const names = Array.from({ length: 5 }, (_, i) => `c${i}@${target.domain}`)
    for (const jid of names) await writer.roster.add(jid)
    const first = await open({ account, store })
    expect([...first.roster.contacts.keys()].sort()).toEqual(names)
    await first.close()

    const unchanged = await recorded(target, account, store)
    expect([...unchanged.client.roster.contacts.keys()].sort()).toEqual(names)
    if (unchanged.isVersioned) expect(unchanged.received()).not.toContain('c3@')
    await unchanged.client.close()

    await writer.roster.remove(names[3]!)
    const changed = await recorded(target, account, store)
    const { until } = changesOf(changed.client.roster)
    if (changed.client.roster.contacts.size > 4) await until('removed')
    expect([...changed.client.roster.contacts.keys()].sort()).toEqual(names.filter((jid) => jid !== names[3]))
  })
})

/** A client with a cache, and what it was sent about the roster. */
async function recorded(
  target: Target,
  account: { jid: string; password: string },
  store: ReturnType<typeof memoryStore>,
) {
  const { transport, recording } = recordingTransport(tcp({ ca: target.ca }))
  const client = await openClient(target, { account, store, transports: [transport], plugins: [roster()] })
  return {
    client,
    isVersioned: recording.received.includes('urn:xmpp:features:rosterver'),
    received: () => recording.received,
  }
}
