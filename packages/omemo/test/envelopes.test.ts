import { Jid, type XmlElement, xml } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import type { OmemoOptions } from '../src/index.js'
import { onTheWay, pairOf, receive } from './pair.js'
import { forged, lastOutcome } from './world.js'

const encryptedOf = (element: XmlElement): XmlElement =>
  [...element.elements()].find(({ name }) => name === 'encrypted') as XmlElement

describe('envelopes', () => {
  const options: OmemoOptions = { versions: ['omemo2'] }

  test('OMEMO S5 a message that somebody else has written cannot be passed on as one own', async () => {
    const { world, alice, bob } = await pairOf(options)
    const sent = await onTheWay(world, alice, bob, 'for bob')
    // The server lets mallory take part with the keys of alice.
    const stolen = forged('mallory@m.example/1', `${bob.jid}/1`, encryptedOf(sent))
    await receive(bob, stolen)
    expect(lastOutcome(bob)).toMatchObject({ status: 'failed', reason: 'envelope' })
    await receive(bob, sent)
    expect(bob.messages[0]).toMatchObject({ body: 'for bob', boundFrom: true, boundTo: true })
  })

  test('OMEMO S6 what was said to one is not heard in a room', async () => {
    const { world, alice, bob } = await pairOf(options)
    const sent = await onTheWay(world, alice, bob, 'between us')
    const inRoom = bob.session.inbound(forged('room@c.example/alice', bob.jid, encryptedOf(sent)).element, 'live')
    const from = Jid.parse(alice.jid)
    const outcome = await bob.omemo.receive(inRoom, { room: { jid: 'room@c.example', from } })
    expect(outcome).toMatchObject({ status: 'failed', reason: 'envelope' })
  })

  test('OMEMO S5 in 0.3 nothing is bound, and the message says so', async () => {
    const { world, alice, bob } = await pairOf({ versions: ['legacy'] })
    await receive(bob, await onTheWay(world, alice, bob, 'hi'))
    expect(bob.messages[0]).toMatchObject({ boundFrom: false, boundTo: false })
    expect(bob.messages[0]?.payloadHash.length).toBe(32)
  })

  test('OMEMO S27 what is outside of the envelope does not count, and what only servers say not inside', async () => {
    const { world, alice, bob } = await pairOf(options)
    const content = [xml('urn:example:reaction', 'reaction')]
    await alice.omemo.send({ to: bob.jid, body: 'inside', content })
    const [sent] = world.take(alice) as [XmlElement]
    const outside = [
      xml('jabber:client', 'body', {}, 'outside'),
      xml('urn:example:reaction', 'other'),
      parseXml("<envelope xmlns='urn:xmpp:sce:1'><content/></envelope>"),
      parseXml("<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='bob@b.example'/>"),
    ]
    await receive(bob, sent.with({}, ...outside))
    const [message] = bob.messages
    expect(message?.message.body).toBe('inside')
    expect([...(message?.message.element.elements() ?? [])].map(({ ns, name }) => `${name} ${ns}`)).toEqual([
      'body jabber:client',
      'reaction urn:example:reaction',
      'stanza-id urn:xmpp:sid:0',
    ])
    await expect(
      alice.omemo.send({
        to: bob.jid,
        content: [parseXml("<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='bob@b.example'/>")],
      }),
    ).rejects.toThrow(TypeError)
  })
})
