import type { InboundMessage } from '@couplet/client'
import { disco } from '@couplet/disco'
import { Displayed, Markable, markers, onDisplayed } from '@couplet/markers'
import { define, iqSet, type Jid, type Message, message, presence, type XmlElement, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const owner = 'http://jabber.org/protocol/muc#owner'
const configure = iqSet(
  define<XmlElement>(
    owner,
    ['query'],
    (value) => value,
    (value) => value,
  ),
)

const all = await targets()

describe.each(all)('markers through $title', (target) => {
  test('who asks and may know is told, and nobody else', async () => {
    const romeo = await openClient(target)
    const answer = ({ bare }: Jid) => bare.equals(romeo.account)
    const [paris, juliet] = await Promise.all([
      openClient(target),
      openClient(target, { plugins: [disco(), markers({ answer })] }),
    ])
    const inbox = messagesOf(juliet)
    const sent = message({ id: 'the-msg-1', to: juliet.account, type: 'chat', body: 'Hi. How are you?' }, Markable())
    const seen = new Promise<string>((resolve) => {
      onDisplayed(romeo, { find: () => sent }, (displayed, by) => resolve(`${by} ${displayed.id}`))
    })
    const told: string[] = []
    paris.onMessage(Displayed, ({ id }) => void told.push(id))
    romeo.send(sent)
    paris.send(sent)
    for (const each of await inbox.until(2)) await juliet.markers.displayed(each)
    expect(await seen).toBe(`${juliet.jid} the-msg-1`)
    const last = messagesOf(paris)
    juliet.send(message({ to: paris.account, type: 'chat', body: 'Who are you?' })) // a marker would have come before
    await last.until(1)
    expect(told).toEqual([])
  })
})

/** A client in a room; resolves when the room says that it is there. */
async function occupant(target: Target, room: string, nick: string) {
  const client = await openClient(target, { plugins: [disco(), markers({ rooms: (m) => m.from?.resource !== nick })] })
  const heard: InboundMessage[] = []
  let check = (): void => {}
  client.onMessage((each) => {
    if (each.body === undefined) return
    heard.push(each)
    check()
  })
  const there = new Promise<void>((resolve) => {
    client.onPresence(({ from }) => {
      if (String(from) === `${room}/${nick}`) resolve()
    })
  })
  client.send(presence({ to: `${room}/${nick}` }, xml('http://jabber.org/protocol/muc', 'x')))
  await there
  const until = (body: string) =>
    new Promise<Message>((resolve) => {
      check = () => {
        const found = heard.find((each) => each.body === body)
        if (found) resolve(found)
      }
      check()
    })
  return { client, until }
}

describe.each(all.filter(({ server }) => server !== undefined))('markers in a room of $title', (target) => {
  test('an occupant is told by the id that the room has assigned', async () => {
    const room = `markers-${crypto.randomUUID()}@rooms.${target.domain}`
    const romeo = await occupant(target, room, 'romeo')
    // A new room is locked until its owner accepts what it is (XEP-0045 §10.1.2).
    const accept = xml(owner, 'query', {}, xml('jabber:x:data', 'x', { type: 'submit' }))
    await romeo.client.request(configure, accept, { to: room })
    const juliet = await occupant(target, room, 'juliet')
    romeo.client.send(message({ id: 'm1', to: room, type: 'groupchat', body: 'Thrice' }))
    const [mine, hers] = await Promise.all([romeo.until('Thrice'), juliet.until('Thrice')])
    const seen = new Promise<string>((resolve) => {
      onDisplayed(romeo.client, { find: () => mine }, ({ id }, by) => resolve(`${by} ${id}`))
    })
    expect(await juliet.client.markers.displayed(hers)).toBeDefined()
    expect(await seen).toBe(`${room}/juliet m1`)
    expect(await romeo.client.markers.displayed(mine)).toBeUndefined()
  })
})
