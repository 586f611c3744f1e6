import { EncryptionMark, vouch } from '@couplet/eme'
import { Jid, type MessageInit, message, type XmlElement, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { OccupantIdentity, OccupantMark, Replace } from './elements.js'
import { type CorrectionContext, correctedId, isCorrectionOf } from './is-correction-of.js'

const account = Jid.parse('u@example.org').bare
const me = 'u@example.org/r'
const bob = 'bob@example.org'
const room = 'room@muc.example.org'
const first = (init: MessageInit = {}, ...payloads: XmlElement[]) =>
  message({ id: 'm1', type: 'chat', from: `${bob}/x`, to: me, body: 'airlock', ...init }, ...payloads)
const second = (init: MessageInit = {}, ...payloads: XmlElement[]) =>
  message(
    { id: 'm2', type: 'chat', from: `${bob}/x`, to: me, body: 'window', ...init },
    Replace({ id: 'm1' }),
    ...payloads,
  )
const counts = (a: ReturnType<typeof message>, b: ReturnType<typeof message>, context?: CorrectionContext) =>
  isCorrectionOf(b, a, { account, ...context })

describe('between two', () => {
  test('from any client of the same account, to any of ours', () => {
    expect(counts(first(), second())).toBe(true)
    expect(counts(first(), second({ from: `${bob}/phone` }))).toBe(true)
    expect(counts(first(), second({ from: 'BOB@example.org', to: 'u@example.org' }))).toBe(true)
    expect(counts(first(), second({ to: undefined }))).toBe(true)
    expect(counts(first(), second({ type: 'normal' }))).toBe(true)
  })

  test.each([
    'mallory@evil.net/x',
    'mallory@example.org/x',
    'b\u043eb@example.org/x', // a Cyrillic look-alike
    'bob@example.org.evil.net/x',
    'bob@sub.example.org/x',
    'example.org',
    'u@example.org/other',
    undefined,
  ])('S-131 not from %s', (from) => expect(counts(first(), second({ from }))).toBe(false))

  test('S-131 not of another message, or of one without an id', () => {
    expect(counts(first({ id: 'm3' }), second())).toBe(false)
    expect(counts(first({ id: undefined }), second())).toBe(false)
    expect(isCorrectionOf(message({ from: bob, body: 'x' }), first())).toBe(false)
    const empty = message({ from: bob, to: me, body: 'x' }, Replace({ id: '' }))
    expect(counts(first({ id: '' }), empty)).toBe(false)
  })

  test('S-131 two that say what they correct are none, whatever the second one looks like', () => {
    expect(counts(first(), second({}, Replace({ id: 'm9' })))).toBe(false)
    expect(counts(first(), second({}, Replace({ id: 'm1' })))).toBe(false)
    expect(correctedId(second({}, Replace({ id: 'm1' }).with({ id: undefined })))).toBeUndefined()
    expect(correctedId(second())).toBe('m1')
  })

  test('S-131 nothing changes its kind: no error, nothing between a room and two', () => {
    for (const type of ['error', 'groupchat'] as const) {
      expect(counts(first(), second({ type }))).toBe(false)
      expect(counts(first({ type }), second())).toBe(false)
      expect(counts(first({ type }), second({ type }))).toBe(false)
    }
  })

  test('own messages: as sent, and copies of what another client of ours has sent', () => {
    const sent = message({ id: 'm1', to: bob, body: 'airlock' })
    const copy = second({ from: 'u@example.org/phone', to: `${bob}/x` })
    expect(counts(sent, copy)).toBe(true)
    expect(counts(sent, message({ to: bob, body: 'x' }, Replace({ id: 'm1' })))).toBe(true)
    expect(isCorrectionOf(copy, sent)).toBe(false) // who we are was not said
    expect(counts(sent, second({ from: 'u@example.org/phone', to: 'eve@example.org' }))).toBe(false)
    expect(counts(sent, second())).toBe(false) // S-131: bob cannot correct what we have said to him
  })
})

describe('in rooms', () => {
  const bobId = OccupantIdentity({ id: 'bob-1' })
  const inRoom = { type: 'groupchat', from: `${room}/bob` } as const
  const spoken = (...payloads: XmlElement[]) => first(inRoom, ...payloads)
  const corrected = (...payloads: XmlElement[]) => second(inRoom, ...payloads)

  test('from the same occupant under the same nickname', () => {
    expect(counts(spoken(bobId), corrected(bobId))).toBe(true)
  })

  test('S-131 from no other nickname, room, or the room itself', () => {
    for (const from of [`${room}/mallory`, `${room}/Bob`, `other@muc.example.org/bob`, room, undefined]) {
      expect(counts(spoken(bobId), second({ type: 'groupchat', from }, bobId))).toBe(false)
    }
    const subject = { type: 'groupchat', from: room } as const
    expect(counts(first(subject), second(subject), { sameOccupant: () => true })).toBe(false)
  })

  test('S-133 not from somebody else who has taken the nickname', () => {
    expect(counts(spoken(bobId), corrected(OccupantIdentity({ id: 'mallory-1' })))).toBe(false)
    expect(counts(spoken(bobId), corrected())).toBe(false)
    expect(counts(spoken(), corrected(bobId))).toBe(false)
    expect(counts(spoken(bobId), corrected(bobId, OccupantIdentity({ id: 'mallory-1' })))).toBe(false)
    const nobody = xml(bobId.ns, 'occupant-id')
    expect(counts(spoken(nobody), corrected(nobody), { sameOccupant: () => true })).toBe(false)
  })

  test('S-133 without occupant ids only if the application knows that nobody has', () => {
    expect(counts(spoken(), corrected())).toBe(false)
    expect(counts(spoken(), corrected(), { sameOccupant: () => false })).toBe(false)
    expect(counts(spoken(), corrected(), { sameOccupant: (async () => false) as never })).toBe(false)
    expect(counts(spoken(), corrected(), { sameOccupant: (now, then) => now.id === 'm2' && then.id === 'm1' })).toBe(
      true,
    )
  })

  test('S-131 private messages are from an occupant, not from the room', () => {
    const whispered = (resource: string, ...payloads: XmlElement[]) =>
      [first({ from: `${room}/bob` }, ...payloads), second({ from: `${room}/${resource}` }, ...payloads)] as const
    const isRoom = (jid: Jid) => jid.toString() === room
    expect(counts(...whispered('mallory', OccupantMark()))).toBe(false)
    expect(counts(...whispered('mallory'), { isRoom, sameOccupant: () => true })).toBe(false)
    expect(counts(...whispered('bob', OccupantMark()), { sameOccupant: () => true })).toBe(true)
    expect(counts(...whispered('bob', OccupantMark(), bobId))).toBe(true)
    expect(counts(...whispered('bob', OccupantMark()))).toBe(false)
  })

  test('our own private messages, from any client of ours, to the same occupant', () => {
    const sent = message({ id: 'm1', to: `${room}/bob`, type: 'chat', body: 'x' }, OccupantMark())
    const copy = (to: string) => second({ from: 'u@example.org/phone', to }, OccupantMark())
    expect(counts(sent, copy(`${room}/bob`))).toBe(true)
    expect(counts(sent, copy(`${room}/mallory`))).toBe(false)
  })
})

describe('S-134 what was encrypted', () => {
  const ns = 'urn:xmpp:omemo:2'
  const decrypted = (built: ReturnType<typeof message>, by = 'omemo:2 bob') => {
    vouch(built, by)
    return built
  }

  test('is corrected by what the same key has encrypted', () => {
    expect(counts(decrypted(first()), decrypted(second()))).toBe(true)
    expect(counts(decrypted(first()), decrypted(second(), 'omemo:2 mallory'))).toBe(false)
    expect(counts(first(), decrypted(second()))).toBe(false)
  })

  test('is not corrected in the clear', () => {
    expect(counts(decrypted(first()), second())).toBe(false)
  })

  test.each([
    ['a payload', xml(ns, 'encrypted')],
    ['a payload of OMEMO 0.3', xml('eu.siacs.conversations.axolotl', 'encrypted')],
    ['a payload of OpenPGP', xml('jabber:x:encrypted', 'x')],
    ['a mark', EncryptionMark({ namespace: ns })],
    ['a malformed mark', xml('urn:xmpp:eme:0', 'encryption')],
  ])('what stands beside %s corrects nothing and is not corrected', (_what, outside) => {
    expect(counts(first({}, outside), second({}, outside))).toBe(false)
    expect(counts(first(), second({}, outside))).toBe(false)
    expect(counts(first({}, outside), second())).toBe(false)
    expect(counts(decrypted(first()), decrypted(second({}, outside)))).toBe(false)
  })

  test('the application says it of messages that it has kept', () => {
    const keys = new Map([['m1', 'omemo:2 bob']])
    const security = ({ id = '' }: ReturnType<typeof message>) => keys.get(id)
    expect(counts(first(), second(), { security })).toBe(false)
    keys.set('m2', 'omemo:2 bob')
    expect(counts(first(), second(), { security })).toBe(true)
  })
})
