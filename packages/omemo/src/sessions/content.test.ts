import { writeEnvelope } from '@couplet/sce'
import { Jid, message, NS_CLIENT, xml } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { utf8Bytes } from '../crypto/bytes.js'
import { bodyOf, openEnvelope, openText, plainMessage } from './content.js'
import { droppedByText } from './payloads.js'

const [alice, bob, room] = ['alice@a.example', 'bob@b.example', 'room@c.example'].map((jid) => Jid.parse(jid)) as [
  Jid,
  Jid,
  Jid,
]
const body = xml(NS_CLIENT, 'body', {}, 'hi')

describe('the text of 0.3', () => {
  test('is all there is, and bound to nothing', () => {
    const opened = openText(utf8Bytes('grüße 👋\n\tzwei'))
    expect([bodyOf(opened.content), opened.boundFrom, opened.boundTo, opened.time]).toEqual([
      'grüße 👋\n\tzwei',
      false,
      false,
      undefined,
    ])
  })

  test.each([
    ['no UTF-8', new Uint8Array([0x68, 0xff, 0x69])],
    ['half a character', utf8Bytes('ü').slice(0, 1)],
    ['a surrogate', new Uint8Array([0xed, 0xa0, 0x80])],
    ['a control character', utf8Bytes('a\u0000b')],
    ['what XML cannot carry', utf8Bytes('a\uffffb')],
  ])('OMEMO S4 %s is refused: it could be the other half of a payload with two keys', (_name, bytes) => {
    expect(() => openText(bytes)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})

describe('the envelope of omemo:2', () => {
  const write = (from: Jid | undefined, to: Jid | undefined) =>
    writeEnvelope({ content: [body], from, to, time: undefined })

  test('says who has written it to whom', () => {
    const opened = openEnvelope(write(alice, bob), { from: alice, to: bob, isRoom: false })
    expect([bodyOf(opened.content), opened.boundFrom, opened.boundTo]).toEqual(['hi', true, true])
  })

  test('OMEMO S5 one who has not written it, or one it is not for, is refused; who is not named is not bound', () => {
    expect(() => openEnvelope(write(bob, bob), { from: alice, to: bob, isRoom: false })).toThrow('wrong-from')
    expect(() => openEnvelope(write(alice, room), { from: alice, to: bob, isRoom: false })).toThrow('wrong-to')
    const opened = openEnvelope(write(undefined, undefined), { from: alice, to: bob, isRoom: false })
    expect([opened.boundFrom, opened.boundTo]).toEqual([false, false])
  })

  test('OMEMO S6 in a room it names the room', () => {
    expect(openEnvelope(write(alice, room), { from: alice, to: room, isRoom: true }).boundTo).toBe(true)
    expect(() => openEnvelope(write(alice, undefined), { from: alice, to: room, isRoom: true })).toThrow('missing-to')
    expect(() => openEnvelope(write(alice, bob), { from: alice, to: room, isRoom: true })).toThrow('wrong-to')
  })

  test('OMEMO S27 what is no envelope is refused', () => {
    for (const text of [
      '',
      'hi',
      '<envelope/>',
      "<envelope xmlns='urn:xmpp:sce:1'/>",
      "<!DOCTYPE a><envelope xmlns='urn:xmpp:sce:1'><content/></envelope>",
    ]) {
      expect(() => openEnvelope(utf8Bytes(text), { from: alice, to: bob, isRoom: false })).toThrow()
    }
  })
})

test('a message is as if it had never been encrypted, but for what servers say', () => {
  const sent = message(
    { id: 'm1', from: `${alice}/x`, to: bob, type: 'chat', body: 'fallback', thread: 't' },
    parseXml("<store xmlns='urn:xmpp:hints'/>"),
    parseXml("<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='bob@b.example'/>"),
    parseXml("<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>"),
    parseXml("<active xmlns='http://jabber.org/protocol/chatstates'/>"),
  )
  expect(String(plainMessage(sent, [body]))).toBe(
    `<message xmlns='jabber:client' type='chat' id='m1' to='bob@b.example' from='alice@a.example/x'><body>hi</body>` +
      `<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='bob@b.example'/>` +
      `<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/></message>`,
  )
})

test('what 0.3 leaves out is named', () => {
  expect(droppedByText([body, xml('urn:example', 'a'), xml('urn:example', 'body')])).toEqual([
    '{urn:example}a',
    '{urn:example}body',
  ])
})
