import { type CarbonDirection, type Carbons, carbons, PrivateMessage, ReceivedCarbon } from '@couplet/carbons'
import type { InboundMessage } from '@couplet/client'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

/** Collects copies from now on. */
const copiesOf = (api: Carbons) => {
  const received: [InboundMessage, CarbonDirection][] = []
  let check = (): void => {}
  api.onMessage((copy, direction) => {
    received.push([copy, direction])
    check()
  })
  return {
    received,
    until: (count: number) =>
      new Promise<readonly [InboundMessage, CarbonDirection][]>((resolve) => {
        check = () => {
          if (received.length >= count) resolve(received)
        }
        check()
      }),
  }
}

describe.each(await targets())('carbons through $title', (target) => {
  const open = (account?: { jid: string; password: string }) =>
    openClient(target, { ...(account && { account }), plugins: [carbons()] })

  test('another client gets copies of what is sent and received, and nobody gets one twice', async () => {
    const account = await target.createUser()
    const [phone, desk, friend] = [await open(account), await open(account), await open()]
    expect([phone.carbons.enabled, desk.carbons.enabled]).toEqual([true, true])
    const [inbox, direct, copies, own] = [
      messagesOf(friend),
      messagesOf(desk),
      copiesOf(desk.carbons),
      copiesOf(phone.carbons),
    ]
    await phone.send(message({ to: friend.jid, type: 'chat', body: 'hello' })).acked
    const [first] = await inbox.until(1)
    await first?.reply('hi').acked // to the phone, by its full JID
    const [[sent, sentDirection], [received, receivedDirection]] = (await copies.until(2)) as [
      [InboundMessage, CarbonDirection],
      [InboundMessage, CarbonDirection],
    ]
    expect([sentDirection, sent.body, String(sent.from), String(sent.to)]).toEqual([
      'sent',
      'hello',
      String(phone.jid),
      String(friend.jid),
    ])
    expect([receivedDirection, received.body, String(received.from), received.provenance]).toEqual([
      'received',
      'hi',
      String(friend.jid),
      'carbon',
    ])
    expect([direct.received, own.received]).toEqual([[], []])
  })

  test('no copies of private messages, nor when they are not wanted', async () => {
    const account = await target.createUser()
    const [phone, desk, friend] = [await open(account), await open(account), await open()]
    const copies = copiesOf(desk.carbons)
    phone.send(message({ to: friend.jid, type: 'chat', body: 'secret' }, PrivateMessage()))
    await phone.send(message({ to: friend.jid, type: 'chat', body: 'one' })).acked
    expect((await copies.until(1)).map(([copy]) => copy.body)).toEqual(['one'])
    await desk.carbons.disable()
    expect(desk.carbons.enabled).toBe(false)
    await phone.send(message({ to: friend.jid, type: 'chat', body: 'two' })).acked
    await desk.carbons.enable()
    await phone.send(message({ to: friend.jid, type: 'chat', body: 'three' })).acked
    expect((await copies.until(2)).map(([copy]) => copy.body)).toEqual(['one', 'three'])
  })

  test('S-118 a forged copy shows nothing', async () => {
    const [victim, mallory] = [await open(), await open()]
    const copies = copiesOf(victim.carbons)
    const rejected: string[] = []
    victim.on('rejected', ({ reason }) => rejected.push(reason))
    const forged = message({ from: `boss@${target.domain}/x`, to: victim.account, type: 'chat', body: 'pay' })
    const inbox = messagesOf(victim)
    mallory.send(message({ to: victim.jid, type: 'chat' }, ReceivedCarbon({ forwarded: { message: forged } })))
    mallory.send(message({ to: victim.jid, type: 'chat', body: 'end' }))
    expect((await inbox.until(1)).map(({ body }) => body)).toEqual(['end'])
    expect(copies.received).toEqual([])
    // Some servers do not even let it pass.
    expect(rejected.every((reason) => reason === 'origin')).toBe(true)
  })
})
