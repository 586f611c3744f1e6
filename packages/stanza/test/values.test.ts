import {
  anyElement,
  attr,
  base64,
  bool,
  type Codec,
  child,
  children,
  childText,
  childTexts,
  dateTime,
  type ElementDef,
  element,
  flag,
  int,
  langText,
  lazy,
  Message,
  marker,
  message,
  oneOf,
  oneOfElements,
  optional,
  serialize,
  str,
  tagged,
  text,
  uint,
  type XmlElement,
} from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { legalText, tree } from './arbitrary.js'
import { header } from './feed.js'

const NS = 'urn:x'
const integer = fc.maxSafeInteger()
const natural = fc.maxSafeNat()
const date = fc.date({
  min: new Date('0000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
})
const bytes = fc.uint8Array({ maxLength: 60 })

describe('decode(encode(x)) is x', () => {
  const cases: readonly (readonly [string, Codec<unknown>, fc.Arbitrary<unknown>])[] = [
    ['str', str, fc.string({ unit: 'binary' })],
    ['int', int as Codec<unknown>, integer],
    ['uint', uint as Codec<unknown>, natural],
    ['bool', bool as Codec<unknown>, fc.boolean()],
    ['dateTime', dateTime as Codec<unknown>, date],
    ['base64', base64 as Codec<unknown>, bytes],
    ['oneOf', oneOf('a', 'b') as Codec<unknown>, fc.constantFrom('a', 'b')],
  ]
  test.each(cases)('%s', (_name, codec, values) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(codec.decode(codec.encode(value))).toEqual(value)
      }),
    )
  })

  test.each(cases)('%s: no text makes it throw, and what it reads it can write', (_name, codec) => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123456789-+.:TZ =A') }), legalText),
        (wire) => {
          const value = codec.decode(wire)
          if (value !== undefined) expect(codec.decode(codec.encode(value))).toEqual(value)
        },
      ),
    )
  })
})

interface Tree {
  readonly name: string
  readonly trees: readonly Tree[]
}
const Tree: ElementDef<Tree> = element(NS, 'tree', { name: attr('name'), trees: children(lazy(() => Tree)) })
const State = tagged(NS, 'on', 'off')
const Mark = marker('urn:y', 'mark')
const Scalars = element(NS, 'scalars', {
  id: attr('id'),
  lang: optional(attr('{urn:y}lang')),
  n: attr('n', int),
  when: optional(childText('when', dateTime)),
  note: optional(childText('note')),
  data: childText('data', base64),
  list: childTexts('item', uint),
  names: langText('name'),
  on: flag('flag'),
})
const Nested = element(NS, 'nested', {
  scalars: optional(child(Scalars)),
  tree: child(Tree),
  states: children(State),
  mark: optional(child(Mark)),
})
const Text = element(NS, 'text', { value: text() })
const Open = element(NS, 'open', { payload: optional(anyElement()) })
const Either = oneOfElements({ text: Text, nested: Nested, state: State })

const lang = fc.constantFrom('', 'de', 'en-GB', '__proto__', 'constructor')
const trees = fc.letrec<{ node: Tree }>((tie) => ({
  node: fc.record({
    name: legalText,
    trees: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie('node'), { maxLength: 2 })),
  }),
})).node
const scalars = fc.record(
  {
    id: legalText,
    lang: legalText,
    n: integer,
    when: date,
    note: legalText,
    data: bytes,
    list: fc.array(natural),
    names: fc.uniqueArray(fc.tuple(lang, legalText), { selector: ([key]) => key }).map((pairs) => {
      const names: Record<string, string> = Object.create(null)
      for (const [key, value] of pairs) names[key] = value
      return names
    }),
    on: fc.constant(true),
  },
  { requiredKeys: ['id', 'n', 'data', 'list', 'names'] },
)
const nested = fc.record(
  {
    scalars,
    tree: trees,
    states: fc.array(fc.constantFrom('on' as const, 'off' as const)),
    mark: fc.constant(true as const),
  },
  { requiredKeys: ['tree', 'states'] },
)

function received(payload: XmlElement): XmlElement {
  const [, event] = new StreamParser().write(`${header}<message>${serialize(payload, 'jabber:client')}</message>`)
  if (event?.type !== 'element') throw new Error('not an element')
  return event.element
}

describe('what is built reads as the same value, also over the wire', () => {
  function holds<T>(def: ElementDef<T>, values: fc.Arbitrary<NoInfer<T>>): void {
    fc.assert(
      fc.property(values, (value) => {
        expect(def.parse(def.build(value))).toEqual(value)
        expect(received(def.build(value)).read(def)).toEqual({ ok: true, value })
      }),
    )
  }

  test('every field', () => holds(Nested, nested))
  test('an element that contains itself', () => holds(Tree, trees))
  test('text', () => holds(Text, fc.record({ value: legalText })))
  test('alternatives', () =>
    holds(
      Either,
      fc.oneof(
        fc.record({ kind: fc.constant('nested' as const), value: nested }),
        fc.record({ kind: fc.constant('state' as const), value: fc.constantFrom('on' as const, 'off' as const) }),
      ),
    ))

  test('open content', () => {
    fc.assert(
      fc.property(
        tree.filter(({ ns }) => ns !== NS),
        (payload) => {
          expect(received(Open({ payload })).get(Open)?.payload?.equals(payload)).toBe(true)
        },
      ),
    )
  })

  test('no tree makes a definition throw', () => {
    fc.assert(
      fc.property(tree, (node) => {
        const parsed = received(node)
        for (const def of [Nested, Scalars, Tree, Text, Open, Either]) {
          expect(() => def.parse(parsed)).not.toThrow()
        }
      }),
    )
  })

  test('a message', () => {
    fc.assert(
      fc.property(legalText, legalText, fc.constantFrom(undefined, 'de'), (body, id, language) => {
        const built = message({ body, id, lang: language, type: 'chat' })
        const wire = received(built.element)
        const parsed = new Message([...wire.elements()][0] as XmlElement)
        expect([parsed.body, parsed.id, parsed.lang, parsed.bodies]).toEqual([body, id, language, built.bodies])
      }),
    )
  })
})
