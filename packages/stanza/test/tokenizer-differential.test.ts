import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { feed, header } from './feed.js'
import { type Leniency, readWithSaxes } from './saxes-tokenizer.js'

/** The condition for each thing that saxes takes and we refuse. */
const conditions: Readonly<Record<Leniency, string>> = {
  restricted: 'restricted-xml',
  encoding: 'unsupported-(?:encoding|version)',
  stray: 'bad-format',
  name: 'not-well-formed',
  space: 'invalid-namespace',
}

/** Mulberry32: the same cases in each run. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Random = ReturnType<typeof seeded>
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T

const file = new URL('../../../test-vectors/xep-examples/examples.jsonl.gz', import.meta.url)
const examples = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trimEnd()
  .split('\n')
  .map((line) => (JSON.parse(line) as { readonly xml: string }).xml)
  .filter((xml) => xml.length < 400)

const handwritten = [
  "<a b='1' c=\"2\" xml:lang='en'>x<b/>y</a>\r\n<c/>",
  "<p:a xmlns:p='urn:p' p:b='1'><p:c xmlns:p='urn:q' p:b='2' b='3'/></p:a>",
  "<a xmlns='urn:x'><b xmlns=''><c xmlns='urn:y'/></b>&lt;&#x41;&#66;&amp;&gt;</a>",
  "<a><![CDATA[<b>]]]]><![CDATA[>]]>&quot;]] ></a><a b='&#9;\t\r\n&apos;'/>",
  "<é \u00b7='1'/>",
  "<é a\u00b7='1'>\u{10000}<\u{10000}/>中\u0301</é>",
  '<a >< b/></a >',
  "<a xmlns:p='u' xmlns:q='u' p:x='1' q:y='2' x='3'></a\t>",
  "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>",
]

const tokens = [
  ...[
    '<',
    '>',
    '/>',
    '</',
    '/',
    '=',
    '"',
    "'",
    '="',
    "='",
    '&',
    ';',
    ':',
    ']',
    ']]>',
    '!',
    '?',
    '-',
    ' ',
    '\t',
    '\n',
    '\r',
  ],
  ...['&amp;', '&lt', '&#x0;', '&#xD800;', '&#x1F600;', '&#65;', '&bogus;', '&#', '&#x41', '<![CDATA[', '<![CDATA[]]>'],
  ...[
    '<!--',
    '-->',
    '<!-- x -->',
    '<!DOCTYPE a>',
    '<?pi x?>',
    "<?xml version='1.0'?>",
    '<a>',
    '</a>',
    '<a/>',
    '<p:a/>',
  ],
  ...[" xmlns=''", " xmlns='urn:x'", " xmlns:p='urn:p'", " xmlns:p=''", " p:a='1'", " a='1'", " xml:lang='de'", ' a'],
  ...[" xmlns:xml='urn:x'", " xmlns:xml='http://www.w3.org/XML/1998/namespace'", " xmlns:xmlns='urn:x'", " xmlns=' u'"],
  ...[
    " xmlns:q='http://www.w3.org/2000/xmlns/'",
    " xmlns='http://www.w3.org/XML/1998/namespace'",
    'xmlns',
    'xml:',
    '1',
  ],
  ...[
    '</stream:stream>',
    '\0',
    '\x01',
    '\x1f',
    '\x7f',
    '\x85',
    '\xa0',
    '\xb7',
    '\xd7',
    '\u0301',
    '\u2028',
    '\u203f',
    '\u037e',
  ],
  ...['\ufeff', '\ufffd', '\ufffe', '\uffff', '😀', '\u{effff}', '\u{f0000}', 'é', '中'],
]

function mutate(random: Random, text: string): string {
  const at = random(text.length + 1)
  const end = Math.min(text.length, at + 1 + random(pick(random, [1, 2, 8, 40])))
  switch (random(6)) {
    case 0:
      return text.slice(0, at) + text.slice(end)
    case 1:
      return text.slice(0, end) + text.slice(at, end) + text.slice(end)
    case 2:
      return text.slice(0, at) + pick(random, tokens) + text.slice(end)
    default:
      return text.slice(0, at) + pick(random, tokens) + text.slice(at)
  }
}

function makeDocument(random: Random): string {
  const declaration = pick(random, [
    '',
    '',
    '',
    '\ufeff',
    "<?xml version='1.0'?>",
    '<?xml version="1.0" encoding="UTF-8" ?>\r\n',
  ])
  const source = random(2) === 0 ? pick(random, handwritten) : pick(random, examples)
  const whole = random(8) === 0
  let text = whole ? `${declaration}${header}${source}</stream:stream>` : source
  for (let edits = random(4); edits > 0; edits--) text = mutate(random, text)
  // Neither half of a pair means anything to saxes; S-076 has tests of its own.
  text = text.replace(/[\ud800-\udfff]/gu, '\ufffd')
  return whole ? text : `${declaration}${header}${text}</stream:stream>`
}

/** The text in pieces: one unit each, or of random lengths, or whole. */
function cut(random: Random, text: string): string[] {
  const longest = pick(random, [1, 3, 20, 200, text.length])
  const pieces: string[] = []
  for (let at = 0, length = 0; at < text.length; at += length) {
    length = 1 + random(longest)
    pieces.push(text.slice(at, at + length))
  }
  return pieces
}

const encoder = new TextEncoder()

/** Compares the readings of one document; returns what became of it. */
function compare(random: Random, text: string): 'accepted' | 'refused' | Leniency {
  const theirs = readWithSaxes(cut(random, text))
  const pieces = cut(random, text)
  const binary = random(2) === 0 && !/[\ud800-\udfff]/.test(text)
  const ours = feed(binary ? pieces.map((piece) => encoder.encode(piece)) : pieces)
  const error = ours.at(-1)?.startsWith('error') ? ours.pop() : undefined
  if (ours.at(-1) === 'end') {
    expect([theirs.accepted, [...theirs.leniencies], theirs.events]).toEqual([true, [], ours])
    return 'accepted'
  }
  // Both refuse; one of them may have noticed earlier.
  const common = Math.min(ours.length, theirs.events.length)
  expect(ours.slice(0, common)).toEqual(theirs.events.slice(0, common))
  if (!theirs.accepted) return 'refused'
  const leniency = [...theirs.leniencies].find((kind) => new RegExp(`^error ${conditions[kind]}$`).test(error ?? ''))
  expect(leniency, `${error}`).toBeDefined()
  return leniency as Leniency
}

describe('our tokenizer and saxes read the same', () => {
  const outcomes = new Map<string, number>()

  test.each(Array.from({ length: 25 }, (_, i) => i))('1,000 mutated streams, seed %i', (seed) => {
    const random = seeded(seed)
    for (let i = 0; i < 1000; i++) {
      const text = makeDocument(random)
      try {
        const outcome = compare(random, text)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      } catch (error) {
        throw new Error(JSON.stringify(text), { cause: error })
      }
    }
  })

  test('the cases are worth it: all outcomes occur, and many are accepted', () => {
    expect([...outcomes.keys()].sort()).toEqual(['accepted', 'refused', ...Object.keys(conditions)].sort())
    expect(outcomes.get('accepted')).toBeGreaterThan(5000)
    expect(outcomes.get('refused')).toBeGreaterThan(5000)
  })
})
