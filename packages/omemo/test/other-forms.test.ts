import { message, type XmlElement } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { expect, test } from 'vitest'
import { TestRoom } from './room.js'
import { lastOutcome, type Peer, World } from './world.js'

const plainFrom = (peer: Peer): (string | undefined)[] =>
  peer.events.flatMap((event) => (event.type === 'plaintext-received' ? [`${event.jid} ${event.id}`] : []))

test('OMEMO S2 plain text in an encrypted chat is told about however it came, also reactions and files', async () => {
  const world = new World()
  const alice = await world.join('alice@a.example/1')
  await alice.omemo.chats.change('bob@b.example', { isRequired: true })
  const from = 'bob@b.example/1'
  const take = (id: string, inner: string, how: 'carbon' | 'archive', own = false): Promise<unknown> => {
    const ends = own ? `from='${alice.jid}/2' to='${from}'` : `from='${from}' to='${alice.jid}'`
    const element = parseXml(`<message xmlns='jabber:client' type='chat' id='${id}' ${ends}>${inner}</message>`)
    return alice.omemo.receive(alice.session.inbound(element, how))
  }
  await take('copy', '<body>x</body>', 'carbon')
  await take('own copy', '<body>x</body>', 'carbon', true)
  await take('archived', '<body>x</body>', 'archive')
  await take('seen', "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", 'archive')
  const reaction = "<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>👍</reaction></reactions>"
  const file = "<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'/></file-sharing>"
  for (const inner of [reaction, file, "<active xmlns='http://jabber.org/protocol/chatstates'/>"]) {
    alice.session.receive(`<message from='${from}' type='chat' id='${inner.slice(1, 4)}'>${inner}</message>`)
  }
  await alice.session.settled()
  const ids = ['copy', 'own copy', 'archived', 'rea', 'fil']
  expect(plainFrom(alice)).toEqual(ids.map((id) => `bob@b.example ${id}`))
})

test('OMEMO S2 in a room, what nobody has encrypted is told about as well', async () => {
  const world = new World()
  const alice = await world.join('alice@a.example/1')
  const room = new TestRoom()
  room.enter(alice, 'alice')
  await alice.omemo.chats.change(room.jid, { isRequired: true })
  const { element } = message({ type: 'groupchat', id: 'said', body: 'x' })
  alice.session.receive(room.as('nobody', alice, element))
  await alice.session.settled()
  await alice.omemo.receive(alice.session.inbound(room.as('alice', alice, element.with({ id: 'old' })), 'archive'), {
    room: { jid: room.jid, from: undefined },
  })
  expect(plainFrom(alice)).toEqual([`${room.jid} said`, `${room.jid} old`])
})

test('OMEMO F6 what is encrypted in a version that is not in use has an outcome, and its text is shown to nobody', async () => {
  const world = new World()
  const bob = await world.join('bob@b.example/1', { versions: ['omemo2'] })
  const seen: (string | undefined)[] = []
  bob.session.onMessage(({ body }) => void seen.push(body))
  const id = (await bob.omemo.self()).deviceId
  const encrypted = (rid: number): XmlElement =>
    parseXml(
      `<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='5'><key rid='${rid}'>AAAA</key><iv>AAAA</iv></header></encrypted>`,
    )
  const receive = async (...payloads: readonly XmlElement[]): Promise<unknown> => {
    bob.session.receive(message({ from: 'a@a.example/1', type: 'chat', body: 'fallback' }, ...payloads).element)
    await bob.session.settled()
    return lastOutcome(bob)
  }
  expect(await receive(encrypted(id))).toMatchObject({ status: 'failed', reason: 'unsupported' })
  expect(await receive(parseXml("<encrypted xmlns='eu.siacs.conversations.axolotl'/>"))).toMatchObject({
    status: 'failed',
    reason: 'unsupported',
  })
  expect(await receive(encrypted(id === 7 ? 8 : 7))).toMatchObject({
    status: 'not-for-this-device',
    device: { jid: 'a@a.example', deviceId: 5, version: 'legacy' },
  })
  expect([seen, bob.outcomes.length]).toEqual([[], 3])
})
