import {
  attr,
  base64,
  bool,
  childText,
  dateTime,
  element,
  int,
  Message,
  marker,
  message,
  oneOf,
  presence,
  serialize,
  uint,
  xml,
} from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { feed, header, one, pieces, toBytes } from './feed.js'

describe('S-099 hostile text for codecs', () => {
  const n = 1_000_001 // no multiple of four, so never base64
  const texts = [
    `${' '.repeat(n)}x`,
    `x${' '.repeat(n)}x`,
    `1${' \t\r\n'.repeat(n / 4)}1`,
    '+'.repeat(n),
    '1'.repeat(n),
    `2024-01-01T00:00:00.${'1'.repeat(n)}`,
    `${'A'.repeat(n)}!`,
    'A'.repeat(n + 1),
    `${'='.repeat(n)}`,
    '-'.repeat(n),
  ]
  test.each(Object.entries({ int, uint, bool, dateTime, base64, word: oneOf('a', 'b') }))('%s', (_name, codec) => {
    for (const text of texts) expect(codec.decode(text)).toBeUndefined()
  })

  test('long text that is valid', () => {
    expect(base64.decode('AAAA'.repeat(1_000_000))?.length).toBe(3_000_000)
    expect(uint.decode(`${' '.repeat(n)}7${'\n'.repeat(n)}`)).toBe(7)
    expect(dateTime.decode(`2024-01-01T00:00:00.${'1'.repeat(n)}Z`)?.toISOString()).toBe('2024-01-01T00:00:00.111Z')
  })
})

describe('S-100 what we write', () => {
  const evil = `</body></message><iq type='set' id="1"><![CDATA[&]]>`
  const Note = element('urn:x', 'note', { id: attr('id'), text: childText('text') })
  const Flag = marker('urn:x', 'flag')

  test('cannot be left by text', () => {
    const built = message(
      { to: 'a@example.org', id: evil, body: evil, subject: { '': evil, [evil]: evil }, thread: evil },
      Note({ id: evil, text: evil }),
      Flag(),
    )
    const parsed = one(serialize(built.element, 'jabber:client'))
    expect(parsed.equals(built.element)).toBe(true)
    expect(new Message(parsed).body).toBe(evil)
    expect(parsed.get(Note)).toEqual({ id: evil, text: evil })
    expect(one(presence({ status: evil }).toString()).child('status')?.text).toBe(evil)
  })

  test.each([0x0, 0x1, 0x8, 0xb, 0xc, 0xe, 0x1f, 0xfffe, 0xffff, 0xd800, 0xdbff, 0xdc00, 0xdfff])(
    'never contains U+%s',
    (unit) => {
      const text = `a${String.fromCharCode(unit)}b`
      const thrown = expect.objectContaining({ code: 'illegal-character', codeUnit: unit })
      expect(() => message({ body: text }).toString()).toThrow(thrown)
      expect(() => message({ id: text }).toString()).toThrow(thrown)
      expect(() => xml('urn:x', 'a', {}, text).toString()).toThrow(thrown)
      expect(() => xml(text, 'a').toString()).toThrow(thrown)
    },
  )

  test('cannot be left by a namespace that a peer made up', () => {
    for (const ns of ["}a='1'/&gt;&lt;iq type='set'/&gt;", 'a}b', '{', '}', '{a}b', '&lt;']) {
      const received = one(`<message xmlns:p="${ns}" p:x="1"><p:b p:y="2"/></message>`)
      const sent = serialize(received, 'jabber:client')
      expect(one(sent).equals(received)).toBe(true)
      expect(sent).not.toContain('<iq')
    }
  })

  test('is well-formed also for elements of the namespace xml', () => {
    const received = one("<message><xml:a b='1'><xml:c/><d/><e xmlns='urn:x'/></xml:a></message>")
    expect(one(serialize(received, 'jabber:client')).equals(received)).toBe(true)
  })

  test('cannot be left by names built by hand', () => {
    for (const name of [
      '',
      'a b',
      'a>',
      'a/',
      "a='1'",
      'a:b',
      '1a',
      '-a',
      'ª',
      'a²',
      'a\u00d7',
      'a\n',
      '\ud800',
      'a\u037e',
    ]) {
      expect(() => xml('urn:x', name), name).toThrow(TypeError)
      expect(() => xml('urn:x', 'a', { [name]: '1' }), name).toThrow(TypeError)
      expect(() => xml('urn:x', 'a').with({ [`{urn:y}${name}`]: '1' }), name).toThrow(TypeError)
    }
  })

  test('chunks do not matter', () => {
    const text = message({ body: evil.repeat(20) }).toString()
    for (const size of [1, 2, 3, 5, 64]) {
      expect(feed([header, ...pieces(toBytes(text), size)])).toHaveLength(2)
    }
  })
})
