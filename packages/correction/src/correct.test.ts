import { Delay } from '@couplet/delay'
import { EncryptionMark, vouch } from '@couplet/eme'
import { Jid, type MessageInit, message, type XmlElement, xml } from '@couplet/stanza'
import { OriginId, StanzaId } from '@couplet/stanza-id'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { correct } from './correct.js'
import { Replace } from './elements.js'
import { isCorrectionOf } from './is-correction-of.js'

const juliet = 'juliet@capulet.net/balcony'
const original = (init: MessageInit = {}, ...payloads: XmlElement[]) =>
  message({ id: 'bad1', to: juliet, type: 'chat', body: 'yonder airlock', ...init }, ...payloads)

describe('correct', () => {
  test('the example of the XEP', () => {
    const corrected = correct(message({ id: 'bad1', to: juliet, body: 'airlock' }), 'window')
    expect(String(corrected)).toBe(String(message({ to: juliet, body: 'window' }, Replace({ id: 'bad1' }))))
  })

  test('everything else is sent again, and what the caller gives stands in its place', () => {
    const kept = xml('urn:example', 'kept', { a: '1' })
    const corrected = correct(
      original({ thread: 't1', subject: 's', lang: 'en' }, kept, xml('urn:example', 'range', { end: '14' })),
      'yonder window',
      xml('urn:example', 'range', { end: '13' }),
    )
    expect(corrected).toMatchObject({ type: 'chat', thread: 't1', subject: 's', lang: 'en', body: 'yonder window' })
    expect(corrected.element.child('kept', 'urn:example')?.equals(kept)).toBe(true)
    const ranges = [...corrected.element.elements()].filter(({ name }) => name === 'range')
    expect(ranges.map((range) => range.attr('end'))).toEqual(['13'])
  })

  test('all languages of the text are corrected', () => {
    const corrected = correct(original({ body: { '': 'airlock', de: 'Schleuse' } }), 'window')
    expect(corrected.bodies).toEqual({ '': 'window' })
  })

  test('what belongs to the one message alone stays with it (XEP-0308 §4)', () => {
    const by = Jid.parse('me@example.org')
    const own = [OriginId({ id: 'bad1' }), StanzaId({ id: 'a1', by }), Delay({ stamp: new Date(0) })]
    const corrected = correct(original({}, ...own), 'window')
    expect([...corrected.element.elements()].map(({ name }) => name)).toEqual(['body', 'replace'])
  })

  test('it gets an id of its own, and a correction of a correction names the first', () => {
    const session = fakeSession()
    const first = session.send(correct(original(), 'windw'))
    expect(first.id).not.toBe('bad1')
    const again = correct(session.sent[0] as ReturnType<typeof message>, 'window')
    expect(again.element.all(Replace)).toEqual([{ id: 'bad1' }])
    expect(again.id).toBeUndefined()
    expect(isCorrectionOf(again, original(), { account: session.account })).toBe(true)
  })

  test('what a room has sent back goes to the room', () => {
    const reflected = original({ type: 'groupchat', from: 'room@muc.example.org/me', to: 'me@example.org/here' })
    expect(String(correct(reflected, 'window').to)).toBe('room@muc.example.org')
    expect(correct(reflected, 'window').from).toBeUndefined()
  })

  test('S-134 what was encrypted is not sent in the clear', () => {
    const decrypted = original()
    vouch(decrypted, 'omemo:2 key')
    const mark = EncryptionMark({ namespace: 'urn:xmpp:omemo:2' })
    for (const secret of [decrypted, original({}, mark)]) expect(() => correct(secret, 'window')).toThrow(TypeError)
  })

  test.each([
    ['without an id', original({ id: undefined })],
    ['without a body', original({ body: undefined })],
    ['of type error', original({ type: 'error' })],
  ])('not a message %s', (_what, broken) => {
    expect(() => correct(broken, 'window')).toThrow(TypeError)
  })
})
