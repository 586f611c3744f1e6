import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { NS_CLIENT } from './elements.js'
import { InvalidJidError, Jid } from './jid.js'
import { Message, MessageElement, message } from './message.js'
import { element, marker } from './schema/element-def.js'
import { attr } from './schema/field.js'
import { XmlElement as Element, type XmlElement, xml } from './xml/element.js'
import { serialize } from './xml/serialize.js'
import { StreamParser } from './xml/stream-parser.js'

/** The message as a server's stream delivers it, optionally in the language of the stream. */
function parse(text: string, lang = ''): Message {
  const parser = new StreamParser()
  const [, event] = parser.write(`<s xmlns='${NS_CLIENT}' ${lang && `xml:lang='${lang}'`}>${text}`)
  return new Message(event?.type === 'element' ? event.element : xml('', 'none'))
}

const write = (value: Message) => serialize(value.element, NS_CLIENT)
const Request = marker('urn:xmpp:receipts', 'request')
const Received = element('urn:xmpp:receipts', 'received', { id: attr('id') })

describe('building', () => {
  test('everything, in a fixed order', () => {
    const built = message(
      {
        to: 'a@example.org/r',
        from: Jid.parse('b@example.org'),
        id: '1',
        type: 'chat',
        lang: 'en',
        body: 'hi',
        subject: 's',
        thread: 't',
      },
      Request(),
      Received({ id: '2' }),
    )
    expect(write(built)).toBe(
      "<message type='chat' id='1' to='a@example.org/r' from='b@example.org' xml:lang='en'>" +
        '<subject>s</subject><body>hi</body><thread>t</thread>' +
        "<request xmlns='urn:xmpp:receipts'/><received xmlns='urn:xmpp:receipts' id='2'/></message>",
    )
    expect([built.id, built.type, built.lang, built.body, built.subject, built.thread]).toEqual([
      '1',
      'chat',
      'en',
      'hi',
      's',
      't',
    ])
    expect([String(built.to), String(built.from)]).toEqual(['a@example.org/r', 'b@example.org'])
    expect(built.get(Received)).toEqual({ id: '2' })
  })

  test('nothing', () => {
    const built = message({})
    expect(write(built)).toBe('<message/>')
    expect([built.id, built.to, built.from, built.lang, built.body, built.subject, built.thread, built.error]).toEqual(
      Array(8).fill(undefined),
    )
    expect(built.bodies).toEqual({})
  })

  test('normal is not written (RFC 6121 §5.2.2)', () => {
    expect(write(message({ type: 'normal' }))).toBe('<message/>')
    expect(message({ type: 'normal' }).type).toBe('normal')
  })

  test('empty text is written', () => {
    expect(write(message({ body: '', subject: '' }))).toBe('<message><subject/><body/></message>')
    expect(message({ body: '' }).body).toBe('')
  })

  test('a text per language', () => {
    const built = message({ lang: 'en', body: { fr: 'salut', '': 'hi', de: 'hallo' } })
    expect(write(built)).toBe(
      "<message xml:lang='en'><body xml:lang='fr'>salut</body><body>hi</body><body xml:lang='de'>hallo</body></message>",
    )
    expect(built.body).toBe('hi')
    expect(built.bodies).toEqual({ fr: 'salut', en: 'hi', de: 'hallo' })
  })

  test('what is built reads as what is parsed', () => {
    for (const init of [
      { body: 'hi' },
      { lang: 'en', body: 'hi' },
      { lang: 'en', body: { fr: 'salut', '': 'hi' }, subject: { '': 's' } },
      { body: { fr: 'salut', de: 'hallo' }, thread: 't' },
    ]) {
      const built = message(init)
      const parsed = parse(write(built))
      expect([built.body, built.bodies, built.subject, built.thread, built.lang]).toEqual([
        parsed.body,
        parsed.bodies,
        parsed.subject,
        parsed.thread,
        parsed.lang,
      ])
    }
  })

  test('an address that is no JID is a mistake of the caller', () => {
    expect(() => message({ to: 'a@' })).toThrow(InvalidJidError)
    expect(() => message({ from: '' })).toThrow(InvalidJidError)
  })
})

describe('reading', () => {
  test.each([
    ['chat', 'chat'],
    ['error', 'error'],
    ['groupchat', 'groupchat'],
    ['headline', 'headline'],
    ['normal', 'normal'],
    ['', 'normal'],
    ['CHAT', 'normal'],
    ['toString', 'normal'],
  ])('type %s is %s', (type, expected) => {
    expect(parse(`<message type='${type}'/>`).type).toBe(expected)
    expect(parse('<message/>').type).toBe('normal')
  })

  test('the body in the language of the stanza, or else the first', () => {
    const bodies = "<body xml:lang='fr'>salut</body><body xml:lang='de'>hallo</body><body>hi</body>"
    expect(parse(`<message>${bodies}</message>`).body).toBe('hi')
    expect(parse(`<message>${bodies}</message>`, 'de').body).toBe('hallo')
    expect(parse(`<message xml:lang='it'>${bodies}</message>`, 'de').body).toBe('hi')
    expect(
      parse("<message xml:lang='it'><body xml:lang='fr'>salut</body><body xml:lang='de'>x</body></message>").body,
    ).toBe('salut')
    expect(parse("<message xml:lang='it'><body xml:lang='fr'>salut</body></message>").body).toBe('salut')
    expect(parse(`<message xml:lang='it'>${bodies}</message>`).bodies).toEqual({ fr: 'salut', de: 'hallo', it: 'hi' })
  })

  test('subject and thread', () => {
    const node = parse("<message><thread parent='x'>t</thread><subject>a</subject><subject>b</subject></message>")
    expect([node.subject, node.thread, node.body]).toEqual(['a', 't', undefined])
    expect(parse('<message><subject/></message>').subject).toBe('')
  })

  test('addresses that are no JID are undefined', () => {
    const node = parse("<message to='a@' from='' id=''/>")
    expect([node.to, node.from, node.id]).toEqual([undefined, undefined, ''])
    const good = parse("<message from='A@Example.org/R'/>")
    expect(String(good.from)).toBe('a@example.org/R')
    expect(good.from).toBe(good.from)
  })

  test('get, read and all are those of the element', () => {
    const node = parse(
      "<message><received xmlns='urn:xmpp:receipts'/><received xmlns='urn:xmpp:receipts' id='2'/><request xmlns='urn:x'/></message>",
    )
    expect(node.get(Received)).toBeUndefined()
    const result = node.read(Received)
    expect(result?.ok === false && result.error.path).toBe('received@id')
    expect(node.all(Received)).toEqual([{ id: '2' }])
    expect(node.read(Request)).toBeUndefined()
  })

  test('the error of an error message, and of no other', () => {
    const error = "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    expect(parse(`<message type='error'>${error}</message>`).error).toMatchObject({ condition: 'gone', type: 'cancel' })
    expect(parse("<message type='error'/>").error?.condition).toBe('undefined-condition')
    expect(parse(`<message>${error}</message>`).error).toBeUndefined()
  })
})

describe('MessageElement', () => {
  test('a message within another element', () => {
    const Forwarded = (inner: XmlElement) => xml('urn:xmpp:forward:0', 'forwarded', {}, inner)
    const inner = message({ id: '1', body: 'hi' })
    expect(Forwarded(MessageElement(inner)).get(MessageElement)?.body).toBe('hi')
    expect(Forwarded(xml('jabber:server', 'message')).get(MessageElement)).toBeUndefined()
  })
})

test('what is shown has neither body nor payload', () => {
  const built = message(
    { to: 'a@example.org', id: "x' y", body: 'secret' },
    new Element('urn:x', 'secret', [], [], undefined),
  )
  expect(inspect(built)).toBe('<message id="x\' y" to="a@example.org">')
  expect(String(built)).toContain('secret')
})
