import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { newClient, openClient } from './open-client.js'
import { targets } from './targets.js'

/** ejabberd as it is set up here assumes that clients query the archive, and delivers nothing later that is in it. */
const delivering = (await targets()).filter(({ name }) => name !== 'ej24')

describe.each(delivering)('messages to who is away, at $title', (target) => {
  test('R-037 they arrive at the next login, all of them, in order, and with the time at which they were sent', async () => {
    const account = await target.createUser()
    const romeo = await openClient(target)
    const bodies = ['one', 'two', 'three']
    const before = Date.now()
    for (const body of bodies) await romeo.send(message({ to: account.jid, type: 'chat', body })).acked
    const juliet = await newClient(target, { account })
    const inbox = messagesOf(juliet) // listens before the login, or the first ones would be missed
    await juliet.online()
    const received = await inbox.until(bodies.length)
    expect(received.map(({ body }) => body)).toEqual(bodies)
    for (const { element, from } of received) {
      const stamp = Date.parse(element.child('delay', 'urn:xmpp:delay')?.attr('stamp') ?? '')
      // To the second, as the server's clock is this machine's.
      expect(stamp).toBeGreaterThanOrEqual(before - 1000)
      expect(stamp).toBeLessThanOrEqual(Date.now() + 1000)
      expect(String(from)).toBe(String(romeo.jid))
    }
  })
})
