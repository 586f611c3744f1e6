import { Jid, serialize, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { checkEnvelope } from './check-envelope.js'
import { readEnvelope } from './read-envelope.js'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const envelope = (inner: string): string => `<envelope xmlns='urn:xmpp:sce:1'>${inner}</envelope>`
const content = (inner: string): string => envelope(`<content>${inner}</content>`)
const body = "<body xmlns='jabber:client'>hi</body>"

/** The error's code, or the names of what may be read. */
function outcome(text: string | Uint8Array): string {
  const read = readEnvelope(typeof text === 'string' ? utf8(text) : text)
  if (!read.ok) return read.error.code
  const me = Jid.parse('a@example.org')
  const opened = checkEnvelope(read.value, { from: me, to: me }, { from: 'optional', to: 'optional', time: 'optional' })
  return opened.ok ? opened.value.content.map(({ name }) => name).join() : opened.error.code
}

test('a whole document, with or without an XML declaration', () => {
  expect(outcome(content(body))).toBe('body')
  expect(outcome(`<?xml version='1.0'?>${content(body)}`)).toBe('body')
  expect(outcome(`<?xml version="1.0" encoding="UTF-8" standalone='yes'?>\n${content(body)}\n`)).toBe('body')
  expect(outcome(content("<body xmlns='jabber:client'>smörgås 💻</body>"))).toBe('body')
})

/** OMEMO S27: what is decrypted is as hostile as what comes from the stream. */
const refused: readonly (readonly [what: string, text: string | Uint8Array, code: string])[] = [
  ['nothing', '', 'not-xml'],
  ['text', 'hello', 'not-xml'],
  ['a document type', `<!DOCTYPE envelope>${content(body)}`, 'not-xml'],
  ['entities', `<!DOCTYPE e [<!ENTITY a 'aaaa'>]>${content('&a;')}`, 'not-xml'],
  ['an unknown entity', content('&nbsp;'), 'not-xml'],
  ['a comment', content('<!-- x -->'), 'not-xml'],
  ['a processing instruction', content('<?x y?>'), 'not-xml'],
  ['the end of the parser’s own root', `${content(body)}</r>`, 'not-xml'],
  ['more behind that end', `${content(body)}</r><r>`, 'not-xml'],
  ['two envelopes', content(body) + content(body), 'not-xml'],
  ['text behind', `${content(body)}x`, 'not-xml'],
  ['text before', `x${content(body)}`, 'not-xml'],
  ['half an envelope', content(body).slice(0, -1), 'not-xml'],
  ['an undeclared prefix', content('<x:y/>'), 'not-xml'],
  ['a stream’s prefix', content('<stream:features/>'), 'not-xml'],
  ['a control character', content('<body xmlns="jabber:client">\u0007</body>'), 'not-xml'],
  ['a byte order mark', `\ufeff${content(body)}`, 'not-xml'],
  ['broken UTF-8', Uint8Array.of(...utf8('<envelope>'), 0xc3, 0x28), 'not-xml'],
  ['a cut character', Uint8Array.of(...utf8(content(body)), 0xf0, 0x9f), 'not-xml'],
  ['an overlong slash', Uint8Array.of(...utf8('<a>'), 0xc0, 0xaf, ...utf8('</a>')), 'not-xml'],
  ['UTF-16', new Uint8Array(Uint16Array.from(content(body), (c) => c.charCodeAt(0)).buffer), 'not-xml'],
  ['another encoding', `<?xml version='1.0' encoding='latin1'?>${content(body)}`, 'not-xml'],
  ['XML 1.1', `<?xml version='1.1'?>${content(body)}`, 'not-xml'],
  ['a namesake', "<envelope xmlns='urn:xmpp:sce:0'><content/></envelope>", 'not-an-envelope'],
  ['an envelope without a namespace', '<envelope><content/></envelope>', 'not-an-envelope'],
  ['the former form', "<content xmlns='urn:xmpp:sce:0'><payload/></content>", 'not-an-envelope'],
  ['no content', envelope(''), 'malformed'],
  ['two contents', envelope('<content/><content/>'), 'malformed'],
  ['two senders', envelope("<content/><from jid='a@b'/><from jid='c@b'/>"), 'malformed'],
  ['a sender that is none', envelope("<content/><from jid='a@'/>"), 'malformed'],
  ['a time that is none', envelope("<content/><time stamp='yesterday'/>"), 'malformed'],
  ['300 levels', content('<a>'.repeat(300) + '</a>'.repeat(300)), 'not-xml'],
  ['100,000 elements', content('<a/>'.repeat(100_000)), 'not-xml'],
  ['a thousand attributes', content(`<a ${Array.from({ length: 1000 }, (_, i) => `a${i}=''`).join(' ')}/>`), 'not-xml'],
  ['too much', new Uint8Array(1_048_577), 'too-large'],
]
test.each(refused)('OMEMO S27: %s is refused', (_, text, code) => {
  expect(outcome(text)).toBe(code)
})

/** OMEMO S27: what is in an envelope and must not count. */
const dropped: readonly (readonly [what: string, xml: string])[] = [
  ['no namespace at all', "<body xmlns=''>hi</body>"],
  ['the namespace of the envelope', '<body>hi</body>'],
  ['an envelope within', content(body)],
  ['hints', "<store xmlns='urn:xmpp:hints'/><no-store xmlns='urn:xmpp:hints'/>"],
  ['a stanza id', "<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='room@example.org'/>"],
  ['addresses', "<addresses xmlns='http://jabber.org/protocol/address'><address type='to'/></addresses>"],
  ['one address', "<address xmlns='http://jabber.org/protocol/address' type='to'/>"],
  ['an encryption mark', "<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>"],
  ['a carbon', "<received xmlns='urn:xmpp:carbons:2'/>"],
  ['an archive result', "<result xmlns='urn:xmpp:mam:2' id='1'/>"],
  ['a delay', "<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>"],
  ['an occupant id', "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='1'/>"],
  ['what a room says', "<x xmlns='http://jabber.org/protocol/muc#user'/>"],
]
test.each(dropped)('OMEMO S27: %s in the content is dropped, and the rest is not', (_, element) => {
  expect(outcome(content(element))).toBe('')
  expect(outcome(content(element + body + element))).toBe('body')
})

test('text in the content says nothing, and an origin id may be inside', () => {
  expect(outcome(content(`a${body}b<origin-id xmlns='urn:xmpp:sid:0' id='1'/>`))).toBe('body,origin-id')
})

test('long padding is not refused, nor is none (XEP-0420 §4)', () => {
  expect(outcome(envelope(`<content>${body}</content><rpad>${'x'.repeat(100_000)}</rpad>`))).toBe('body')
  expect(outcome(envelope(`<rpad/><content>${body}</content>`))).toBe('body')
})

test('OMEMO S23: an error says nothing of what was in the envelope', () => {
  for (const text of [envelope("<content/><from jid='secret@'/>"), content('secret'), `secret${content(body)}`]) {
    const read = readEnvelope(utf8(text))
    if (!read.ok) expect(`${read.error.message} ${read.error.cause} ${read.error.stack}`).not.toContain('secret@')
  }
})

describe('any bytes', () => {
  test('10,000 mutations of an envelope end in a value or a typed error', () => {
    const whole = utf8(serialize(xml('urn:xmpp:sce:1', 'envelope', {}, xml('urn:xmpp:sce:1', 'content'))))
    let seed = 7
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    for (let i = 0; i < 10_000; i++) {
      const bytes = whole.slice(0, next(8) === 0 ? next(whole.length) : undefined)
      for (let n = next(4); n >= 0; n--) bytes[next(bytes.length)] = next(256)
      const read = readEnvelope(bytes)
      if (!read.ok) expect(read.error.name).toBe('EnvelopeError')
    }
  })
})
