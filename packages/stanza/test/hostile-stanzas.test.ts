import { childText, define, element, Message, MessageElement, serialize, xml } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import { describe, expect, test } from 'vitest'
import { feed, header, one, outcomes, read, toBytes } from './feed.js'

describe('bytes', () => {
  test('S-075 characters of two, three and four bytes survive every split', () => {
    const stanza = '<message><body>é€😀\u{10ffff}\u0301 ߿ﬀ</body></message>'
    expect(outcomes(header + stanza)).toEqual([['start', stanza]])
    expect(feed([toBytes(stanza)], { framed: true })).toEqual([stanza.replace('<message', "<message xmlns=''")])
  })

  test.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong NUL', [0xc0, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a surrogate pair', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a character cut short', [0xe2, 0x82, 0x3c]],
    ['0xFF', [0xff]],
  ])('S-075 %s is not UTF-8', (_title, bytes) => {
    const input = Uint8Array.from([...toBytes(`${header}<a>`), ...bytes, ...toBytes('</a>')])
    const last = new Set(outcomes(input).map((events) => events.at(-1)))
    expect([...last]).toEqual(['error unsupported-encoding'])
  })

  test('S-075 a frame that ends within a character', () => {
    const input = Uint8Array.from([...toBytes('<a/>'), 0xe2, 0x82])
    expect(feed([input], { framed: true })).toEqual(["<a xmlns=''/>", 'error unsupported-encoding'])
  })

  test.each([
    ['first half', '\ud840'],
    ['second half', '\udc00'],
    ['halves in the wrong order', '\udc00\ud840'],
    ['two first halves', '\ud840\ud840\udc00'],
  ])('S-076 the %s of a surrogate pair in text', (_title, half) => {
    for (const input of [`<a>${half}</a>`, `<a>${half}<b/></a>`, `<a b='${half}'/>`, `<a${half}/>`, `${half}<a/>`]) {
      const expected = [['start', 'error not-well-formed']]
      const text = header + input
      const splits = Array.from({ length: text.length }, (_, i) => feed([text.slice(0, i), text.slice(i)]))
      const seen = [...new Set(splits.map((events) => JSON.stringify(events)))].map((events) => JSON.parse(events))
      // Between stanzas the half may be seen as text first.
      expect(input.startsWith('<') ? seen : [seen[0]]).toEqual(expected)
    }
  })

  test('S-076 half a pair at the end of a frame does not reach the next frame', () => {
    expect(feed(['<a/>\ud83d', '\ude00<b/>'], { framed: true })).toEqual(["<a xmlns=''/>", 'error not-well-formed'])
  })
})

describe('structure', () => {
  test('S-082 stream elements within a stanza are ordinary children', () => {
    const stanza = one(
      "<message><stream:error xmlns:stream='http://etherx.jabber.org/streams'>" +
        "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil</see-other-host></stream:error></message>",
    )
    expect(stanza.name).toBe('message')
    expect(stanza.child('error', 'http://etherx.jabber.org/streams')?.name).toBe('error')
    expect(feed([header, '<message><stream:stream><iq/></stream:stream></message></stream:stream>'])).toHaveLength(3)
  })

  test('S-082 a prefix bound anew means what it means there, and only there', () => {
    const stanza = one("<a xmlns:p='u'><b xmlns:p='v'><p:c/></b><p:c/></a>")
    expect(stanza.child('b')?.child('c', 'v')).toBeDefined()
    expect(stanza.child('c', 'u')).toBeDefined()
  })

  test('S-084 another prefix is the same element', () => {
    const prefixed = one("<c:message xmlns:c='jabber:client' id='1'><c:body>hi</c:body></c:message>")
    const plain = one("<message id='1'><body>hi</body></message>")
    expect(prefixed.equals(plain)).toBe(true)
    expect(MessageElement.matches(prefixed)).toBe(true)
    expect(new Message(prefixed).body).toBe('hi')
    expect(prefixed.toString()).toBe(plain.toString())
  })

  test.each([
    ['jabber:server', "<message xmlns='jabber:server'/>"],
    ['urn:evil', "<message xmlns='urn:evil'/>"],
    ['', "<message xmlns=''/>"],
    ['http://etherx.jabber.org/streams', '<stream:message/>'],
    ['jabber:client\x85', "<message xmlns='jabber:client&#x85;'/>"],
    ['jabber:Client', "<message xmlns='jabber:Client'/>"],
  ])('S-085 a stanza in the namespace "%s" is no message', (ns, input) => {
    const stanzas = read(input)
    for (const stanza of stanzas) {
      expect(stanza.ns).toBe(ns)
      expect(MessageElement.matches(stanza)).toBe(false)
    }
  })

  test('S-085 a body in a foreign namespace is no body', () => {
    expect(new Message(one("<message><body xmlns='urn:x'>no</body></message>")).body).toBeUndefined()
    expect(new Message(one("<message><body xmlns=''>no</body></message>")).bodies).toEqual({})
  })

  test('S-087 what a wrong end tag ends is never delivered', () => {
    for (const end of ['</iq>', '</stream:stream>', '</c:message>', '</messag>', '</messagex>']) {
      expect(outcomes(`${header}<message from='boss'>${end}`)).toEqual([['start', 'error not-well-formed']])
    }
  })

  test('S-094 names that objects have', () => {
    const stanza = one(
      "<message __proto__='x' constructor='y' hasOwnProperty='z'><__proto__ xmlns='urn:x'><toString/></__proto__></message>",
    )
    expect(stanza.attr('__proto__')).toBe('x')
    expect(stanza.attr('constructor')).toBe('y')
    expect(stanza.attr('hasOwnProperty')).toBe('z')
    expect(stanza.attr('toString')).toBeUndefined()
    expect(stanza.child('__proto__', 'urn:x')?.child('toString')).toBeDefined()
    const again = one(serialize(stanza, 'jabber:client'))
    expect(again.equals(stanza)).toBe(true)
    expect(({} as Record<string, unknown>).x).toBeUndefined()
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('x')
  })

  test('S-094 a language that objects have', () => {
    const stanza = new Message(
      one("<message><body xml:lang='__proto__'>a</body><body xml:lang='toString'>b</body></message>"),
    )
    expect(Object.entries(stanza.bodies)).toEqual([
      ['__proto__', 'a'],
      ['toString', 'b'],
    ])
    expect(stanza.body).toBe('a')
  })

  test('S-096 text is the direct text, and the first body of a language counts', () => {
    const mixed = new Message(one("<message><body>yes<b xmlns='urn:x'>maybe</b>no</body><body>second</body></message>"))
    expect(mixed.body).toBe('yesno')
    expect(mixed.bodies).toEqual({ '': 'yesno' })
    const NoSecond = element('jabber:client', 'message', { body: childText('body') })
    expect(NoSecond.parse(mixed.element)).toMatchObject({ path: '/body', problem: 'occurs more than once' })
  })

  test('S-097 a definition that throws leaves the parser at the right depth', () => {
    const Bad = define(
      'urn:x',
      ['bad'],
      () => xml('urn:x', 'bad'),
      () => {
        throw new Error('decoder')
      },
    )
    const parser = new StreamParser()
    parser.write(header)
    const [first] = parser.write("<message><bad xmlns='urn:x'/><message id='inner'/></message><mess")
    expect(first?.type).toBe('element')
    const bad = first?.type === 'element' ? first.element : xml('', 'x')
    expect(() => bad.get(Bad)).toThrow('decoder')
    const [second, ...rest] = parser.write("age id='2'/>")
    expect(second?.type === 'element' && second.element.attr('id')).toBe('2')
    expect(rest).toEqual([])
  })

  test('S-102 nothing is read after the end of the stream', () => {
    const end = `${header}</stream:stream>`
    for (const late of [
      "<message from='boss'/>",
      '<!-- x -->',
      '<?pi?>',
      '<!DOCTYPE x>',
      '\0',
      '</a>',
      'text',
      '<',
      '&x;',
    ]) {
      expect(outcomes(end + late)).toEqual([['start', 'end']])
      expect(feed([end + late, late, "<message from='boss'/>"])).toEqual(['start', 'end'])
    }
    for (const late of ["<?xml version='1.1'?>", '<![CDATA[x]]>', header, '</stream:stream>', '\ud800']) {
      expect(feed([end + late])).toEqual(['start', 'end'])
      expect(feed(end + late)).toEqual(['start', 'end'])
    }
  })

  test('S-102 nothing is read after an error', () => {
    expect(feed([header, '<a><!-- ', '--></a><b/>', '<c/>'])).toEqual(['start', 'error restricted-xml'])
    expect(feed([`${header}<good/><a></b><c/>`])).toEqual(['start', '<good/>', 'error not-well-formed'])
  })
})
