import { Jid, message, type XmlElement, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { NS_STANZA_ID, OriginId, StanzaId } from './elements.js'
import { assignedStanzaId, originId, trustedStanzaId } from './trusted-stanza-id.js'

const account = Jid.parse('u@example.org').bare
const room = Jid.parse('room@muc.example.com').bare
const by = (jid: Jid | string, id = 'a1') => StanzaId({ id, by: typeof jid === 'string' ? Jid.parse(jid) : jid })
const raw = (attributes: Record<string, string>) => xml(NS_STANZA_ID, 'stanza-id', attributes)
const chat = (...payloads: XmlElement[]) =>
  message({ type: 'chat', from: 'bob@example.org/x', to: 'u@example.org/r', body: 'hi' }, ...payloads)
const groupchat = (...payloads: XmlElement[]) =>
  message({ type: 'groupchat', from: `${room}/bob`, to: 'u@example.org/r', body: 'hi' }, ...payloads)

describe('trustedStanzaId', () => {
  test('the id by the account, among those by others', () => {
    expect(trustedStanzaId(chat(by('bob@example.org', 'b1'), by(account), by(room, 'c1')), account)).toBe('a1')
    expect(trustedStanzaId(groupchat(by(account), by(room, 'c1')), room)).toBe('c1')
  })

  test('addresses are compared in their normal form (XEP-0359 §3)', () => {
    expect(trustedStanzaId(chat(raw({ id: 'a1', by: 'U@Example.ORG' })), account)).toBe('a1')
    expect(trustedStanzaId(chat(raw({ id: 'a1', by: 'u@exаmple.org' })), account)).toBeUndefined()
    expect(trustedStanzaId(chat(by('u@example.org/r')), account)).toBeUndefined()
  })

  test('S-130 two ids in one name are none, whatever the second one looks like', () => {
    expect(trustedStanzaId(chat(by(account), by(account, 'a2')), account)).toBeUndefined()
    expect(trustedStanzaId(chat(by(account), by(account)), account)).toBeUndefined()
    expect(trustedStanzaId(chat(by(account), raw({ by: 'U@example.org' })), account)).toBeUndefined()
  })

  test('S-130 an id by a room does not count on a message that has not come through it', () => {
    expect(trustedStanzaId(chat(by(room)), room)).toBeUndefined()
  })

  test('S-130 neither an origin id nor an id deeper in the message is taken for one', () => {
    expect(trustedStanzaId(chat(OriginId({ id: 'a1' })), account)).toBeUndefined()
    expect(trustedStanzaId(chat(xml('urn:example', 'quote', {}, by(account))), account)).toBeUndefined()
  })

  test('an id that is missing or empty, or by nobody', () => {
    for (const broken of [
      { by: 'u@example.org' },
      { id: '', by: 'u@example.org' },
      { id: 'a1' },
      { id: 'a1', by: '@' },
    ]) {
      expect(trustedStanzaId(chat(raw(broken)), account)).toBeUndefined()
    }
    expect(trustedStanzaId(chat(by(account), raw({ id: 'a1' })), account)).toBe('a1')
  })

  test('own messages: without addresses, and copies of what another client has sent', () => {
    expect(trustedStanzaId(message({}, by(account)), account)).toBe('a1')
    const copy = message({ from: 'u@example.org/other', to: 'bob@example.org' }, by(account))
    expect(trustedStanzaId(copy, account)).toBe('a1')
  })
})

describe('assignedStanzaId', () => {
  test('by the account for one-on-one messages, by the room for its own', () => {
    expect(assignedStanzaId(chat(by(account)), account)).toEqual({ id: 'a1', by: account })
    expect(assignedStanzaId(groupchat(by(account), by(room, 'c1')), account)).toEqual({ id: 'c1', by: room })
  })

  test('S-130 a private message from an occupant cannot claim the id of a message of the room', () => {
    const stanza = message({ type: 'chat', from: `${room}/mallory`, to: 'u@example.org/r' }, by(room))
    expect(assignedStanzaId(stanza, account)).toBeUndefined()
  })

  test('none', () => {
    expect(assignedStanzaId(groupchat(by(account)), account)).toBeUndefined()
    expect(assignedStanzaId(message({ type: 'groupchat' }, by(room)), account)).toBeUndefined()
  })
})

describe('originId', () => {
  test('the one there is', () => {
    expect(originId(chat(by(account), OriginId({ id: 'o1' })))).toBe('o1')
    expect(originId(chat(by(account)))).toBeUndefined()
  })

  test('S-130 two are none', () => {
    expect(originId(chat(OriginId({ id: 'o1' }), OriginId({ id: 'o2' })))).toBeUndefined()
    expect(originId(chat(OriginId({ id: 'o1' }), xml(NS_STANZA_ID, 'origin-id')))).toBeUndefined()
  })
})
