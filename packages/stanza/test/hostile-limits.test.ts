import type { ParserLimits } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import { describe, expect, test, vi } from 'vitest'
import { TreeBuilder } from '../src/xml/tree-builder.js'
import { feed, header, pieces, show, toBytes } from './feed.js'

const bytesOf = (text: string, size: number) => [...pieces(toBytes(text), size)]

/** What comes of one stanza under a limit, fed in pieces of several sizes, as bytes and as text. */
function judge(stanza: string, limits: Partial<ParserLimits>): 'accepted' | 'refused' {
  const verdicts = [1, 7, 1000, 4096, Number.MAX_SAFE_INTEGER].map((size) => {
    const events = feed([header, ...bytesOf(`${stanza}<next/>`, size)], { limits })
    return events.length === 3
      ? 'accepted'
      : events.join() === 'start,error policy-violation'
        ? 'refused'
        : events.join()
  })
  const text = feed([header, `${stanza}<next/>`], { limits })
  verdicts.push(text.length === 3 ? 'accepted' : 'refused')
  const framed = feed([stanza], { limits, framed: true })
  verdicts.push(framed.length === 1 && !framed[0]?.startsWith('error') ? 'accepted' : 'refused')
  expect(new Set(verdicts).size, `verdicts: ${verdicts}`).toBe(1)
  return verdicts[0] as 'accepted' | 'refused'
}

const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)
const wide = (count: number) => `<a>${'<b/>'.repeat(count - 1)}</a>`
const attributes = (count: number) => `<a${Array.from({ length: count }, (_, i) => ` b${i}='1'`).join('')}/>`
const declarations = (count: number) => `<a${Array.from({ length: count }, (_, i) => ` xmlns:b${i}='u'`).join('')}/>`

/** Each limit, with a stanza that needs exactly `n` of it. */
const cases: readonly (readonly [string, keyof ParserLimits, number, (n: number) => string])[] = [
  ['stanzaBytes, text', 'stanzaBytes', 100, (n) => `<a>${'x'.repeat(n - 7)}</a>`],
  ['stanzaBytes, a chain of pieces', 'stanzaBytes', 20_000, (n) => `<a>${'x'.repeat(n - 7)}</a>`],
  ['stanzaBytes, CDATA', 'stanzaBytes', 5000, (n) => `<a><![CDATA[${'<'.repeat(n - 19)}]]></a>`],
  [
    'stanzaBytes, many children',
    'stanzaBytes',
    9000,
    (n) => `<a>${'<b/>'.repeat((n - 8) / 4)}${n % 4 ? ' ' : ''}x</a>`,
  ],
  ['depth', 'depth', 64, nested],
  ['depth of one', 'depth', 1, nested],
  ['attributes', 'attributes', 128, attributes],
  ['attributes, declarations included', 'attributes', 8, declarations],
  ['namespaces', 'namespaces', 32, declarations],
  ['tokenLength, element name', 'tokenLength', 5000, (n) => `<${'a'.repeat(n)}/>`],
  ['tokenLength, prefix and name', 'tokenLength', 5000, (n) => `<p:${'a'.repeat(n - 2)} xmlns:p='u'/>`],
  ['tokenLength, attribute name', 'tokenLength', 5000, (n) => `<a ${'b'.repeat(n)}='1'/>`],
  ['tokenLength, attribute value', 'tokenLength', 5000, (n) => `<a b='${'1'.repeat(n)}'/>`],
  ['tokenLength, name and value', 'tokenLength', 5000, (n) => `<a ${'b'.repeat(4990)}='${'1'.repeat(n)}'/>`],
  [
    'tokenLength, an attribute as written',
    'tokenLength',
    100,
    (n) => `<a b='${'&amp;'.repeat(38)}${'1'.repeat(n - 94)}'/>`,
  ],
  ['tokenLength, namespace', 'tokenLength', 300, (n) => `<a xmlns='${'u'.repeat(n)}'/>`],
  ['elements', 'elements', 20_000, wide],
  ['elements, small', 'elements', 3, wide],
]

describe('every limit, exactly and by one', () => {
  test.each(cases)('%s', (_title, limit, n, stanza) => {
    expect(judge(stanza(n), { [limit]: n })).toBe('accepted')
    expect(judge(stanza(n + 1), { [limit]: n })).toBe('refused')
  })

  test('the defaults', () => {
    expect(judge(nested(64), {})).toBe('accepted')
    expect(judge(nested(65), {})).toBe('refused')
    expect(judge(attributes(129), {})).toBe('refused')
    expect(judge(declarations(33), {})).toBe('refused')
    expect(judge(`<a b='${'1'.repeat(65_536)}'/>`, {})).toBe('accepted')
    expect(judge(`<a b='${'1'.repeat(65_537)}'/>`, {})).toBe('refused')
    expect(judge(`<${'a'.repeat(65_537)}/>`, {})).toBe('refused')
  })

  test('1 MiB of a stanza by default', () => {
    const stanza = (n: number) => `<a>${'x'.repeat(n - 7)}</a>`
    for (const size of [4096, 65_536, 2 ** 21]) {
      expect(feed([header, ...bytesOf(stanza(2 ** 20), size)])).toHaveLength(2)
      expect(feed([header, ...bytesOf(stanza(2 ** 20 + 1), size)])).toEqual(['start', 'error policy-violation'])
    }
    expect(feed([header, stanza(2 ** 20 + 1)])).toEqual(['start', 'error policy-violation'])
    expect(feed([stanza(2 ** 20 + 1)], { framed: true })).toEqual(['error policy-violation'])
  })

  test('characters of several bytes count by their bytes', () => {
    const stanza = `<a>${'€'.repeat(10_000)}</a>`
    for (const size of [1, 1000, 4096]) {
      const chunks = [header, ...bytesOf(stanza, size)]
      expect(feed(chunks, { limits: { stanzaBytes: 20_000 } })).toEqual(['start', 'error policy-violation'])
      expect(feed(chunks, { limits: { stanzaBytes: 30_007 } })).toHaveLength(2)
    }
  })

  test('limits begin anew with every stanza, and neither the header nor keepalives count', () => {
    const limits = { stanzaBytes: 200, elements: 3, attributes: 4, namespaces: 2 }
    const stanza = `<a><b c='1' d='2'/><b>${'x'.repeat(170)}</b></a>`
    for (const size of [1, 3, 64, 4096]) {
      const events = feed(bytesOf(`${header}${stanza}\n${stanza}${stanza}`, size), { limits })
      expect(events.filter((event) => event.startsWith('<a'))).toHaveLength(3)
    }
  })

  test('the header has limits, too', () => {
    const limits = { stanzaBytes: 100, attributes: 4, tokenLength: 60 }
    const refused = ['error policy-violation']
    expect(feed([`<a b='${'1'.repeat(61)}'>`], { limits })).toEqual(refused)
    expect(feed(["<a b='1' c='1' d='1' e='1' f='1'>"], { limits })).toEqual(refused)
    expect(feed(bytesOf(`<a   ${' '.repeat(98)}`, 10), { limits })).toEqual(refused)
    expect(feed(bytesOf(' '.repeat(101), 10), { limits })).toEqual(refused)
  })
})

describe('what never ends', () => {
  const endless: readonly (readonly [string, string, string])[] = [
    ['S-090 attributes', '<a', " b='1'"],
    ['S-090 children', '<a>', '<b/>'],
    ['S-090 nesting', '', '<a>'],
    ['S-091 an attribute value', "<message to='", 'b'],
    ['S-091 an attribute value of references', "<message to='", '&amp;'],
    ['S-091 an attribute value of line breaks', "<message to='", '\r\n'],
    ['S-091 an attribute name', '<message ', 'b'],
    ['S-091 an element name', '<', 'b'],
    ['S-091 an end tag', '<b></b', 'b'],
    ['S-091 white space in a tag', '<b', ' '],
    ['S-091 white space in an end tag', '<b></b', '\t'],
    ['S-091 text', '<b>', 'x'],
    ['S-091 text of references', '<b>', '&lt;'],
    ['S-091 CDATA', '<b><![CDATA[', ']]'],
    ['S-091 a reference', '<b>&', 'x'],
    ['S-091 a numeric reference', '<b>&#', '0'],
    ['S-091 text between stanzas', '', 'x'],
    ['S-091 references to white space between stanzas', '', '&#32;'],
  ]

  test.each(endless)('%s', (_title, start, repeated) => {
    const spy = vi.spyOn(TreeBuilder.prototype, 'write')
    const parser = new StreamParser()
    parser.write(header + start)
    const kibi = toBytes(repeated.repeat(1200)).subarray(0, 1024 - (1024 % repeated.length))
    let taken = 0
    let events: readonly string[] = []
    while (events.length === 0 && taken < 8 * 2 ** 20) {
      events = parser.write(kibi).map(show)
      taken += kibi.length
    }
    expect(events).toEqual(['error policy-violation'])
    expect(taken).toBeLessThanOrEqual(2 ** 20 + 4096)
    // Every character is handed to the tokenizer once.
    const read = spy.mock.calls.reduce((sum, [text]) => sum + String(text).length, 0)
    expect(read).toBeLessThanOrEqual(taken + header.length + start.length)
  })

  test('S-091 keepalives do not pile up', () => {
    const spy = vi.spyOn(TreeBuilder.prototype, 'write')
    const parser = new StreamParser({ limits: { stanzaBytes: 1000 } })
    parser.write(`${header}<a/>`)
    const before = spy.mock.calls.length
    const spaces = toBytes(' \t\r\n'.repeat(16_384))
    for (let i = 0; i < 160; i++) expect(parser.write(spaces)).toEqual([])
    expect(spy.mock.calls.length).toBe(before)
    expect(parser.write(`<b>${'x'.repeat(993)}</b>`).map(show)).toHaveLength(1)
    expect(parser.write(`<b>${'x'.repeat(994)}</b>`).map(show)).toEqual(['error policy-violation'])
  })
})
