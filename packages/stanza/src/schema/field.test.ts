import { describe, expect, test } from 'vitest'
import { type XmlElement, type XmlNode, xml } from '../xml/element.js'
import { serialize } from '../xml/serialize.js'
import { base64, bool, int, oneOf, uint } from './codec.js'
import { type ElementDef, element, marker, tagged } from './element-def.js'
import { anyElement, attr, child, children, childText, childTexts, flag, langText, optional, text } from './field.js'

const NS = 'urn:x'
const a = (attributes: Record<string, string>, ...nodes: XmlNode[]): XmlElement => xml(NS, 'a', attributes, ...nodes)
const b = (...nodes: XmlNode[]): XmlElement => xml(NS, 'b', {}, ...nodes)

/** What reading gives: the value, or the error's path and problem. */
function outcome<T>(def: ElementDef<T>, node: XmlElement): unknown {
  const result = xml('', 'parent', {}, node).read(def)
  if (result === undefined) return 'absent'
  return result.ok ? result.value : `${result.error.path}: ${result.error.problem}`
}

/** Value → XML → the same value. */
function both<T>(def: ElementDef<T>, value: NoInfer<T>, written: string): void {
  const built = def.build(value)
  expect(serialize(built, NS)).toBe(written)
  expect(outcome(def, built)).toEqual(value)
}

describe('attr', () => {
  const Text = element(NS, 'a', { id: attr('id') })
  const Count = element(NS, 'a', { n: attr('n', uint) })

  test('both directions', () => {
    both(Text, { id: 'x y' }, "<a id='x y'/>")
    both(Text, { id: '' }, "<a id=''/>")
    both(Count, { n: 3 }, "<a n='3'/>")
    both(
      element(NS, 'a', { lang: attr('xml:lang'), x: attr('{urn:y}x') }),
      { lang: 'de', x: '1' },
      "<a xml:lang='de' xmlns:a0='urn:y' a0:x='1'/>",
    )
  })

  test('missing and malformed', () => {
    expect(outcome(Text, a({}))).toBe('a@id: is missing')
    expect(outcome(Text, a({ '{urn:y}id': '1', ID: '2' }))).toBe('a@id: is missing')
    expect(outcome(Count, a({ n: '-1' }))).toBe('a@n: is not a non-negative integer')
    expect(outcome(Count, a({ n: '' }))).toBe('a@n: is not a non-negative integer')
    expect(outcome(element(NS, 'a', { x: attr('x', oneOf('p', 'q')) }), a({ x: 'P' }))).toBe('a@x: is not one of p, q')
  })

  test('optional: absent stays absent, but what is there must be well-formed', () => {
    const Optional = element(NS, 'a', { n: optional(attr('n', uint)) })
    both(Optional, {}, '<a/>')
    both(Optional, { n: 0 }, "<a n='0'/>")
    expect(outcome(Optional, a({ n: 'x' }))).toBe('a@n: is not a non-negative integer')
    expect(Object.keys(outcome(Optional, a({})) as object)).toEqual([])
  })
})

describe('text', () => {
  const Text = element(NS, 'a', { value: text() })
  const Count = element(NS, 'a', { value: text(int) })

  test('both directions', () => {
    both(Text, { value: ' x\n' }, '<a> x\n</a>')
    both(Text, { value: '' }, '<a/>')
    both(Count, { value: -3 }, '<a>-3</a>')
  })

  test('is the direct text', () => {
    expect(outcome(Text, a({}, 'x', b('no'), 'y'))).toEqual({ value: 'xy' })
  })

  test('missing and malformed', () => {
    expect(outcome(Count, a({}))).toBe('a: is not an integer')
    expect(outcome(Count, a({}, 'x'))).toBe('a: is not an integer')
  })

  test('optional: no text is absent, white space is not', () => {
    both(element(NS, 'a', { value: optional(text()) }), {}, '<a/>')
    both(element(NS, 'a', { value: optional(text(int)) }), {}, '<a/>')
    both(element(NS, 'a', { value: optional(text()) }), { value: ' ' }, '<a> </a>')
    expect(outcome(element(NS, 'a', { value: optional(text(int)) }), a({}, ' '))).toBe('a: is not an integer')
  })
})

describe('childText', () => {
  const Text = element(NS, 'a', { b: childText('b') })

  test('both directions', () => {
    both(Text, { b: 'x' }, '<a><b>x</b></a>')
    both(Text, { b: '' }, '<a><b/></a>')
    both(element(NS, 'a', { b: childText('b', bool) }), { b: false }, '<a><b>false</b></a>')
  })

  test('absent, twice, malformed, in another namespace', () => {
    expect(outcome(Text, a({}))).toBe('a/b: is missing')
    expect(outcome(Text, a({}, b(), b()))).toBe('a/b: occurs more than once')
    expect(outcome(Text, a({}, xml('urn:y', 'b')))).toBe('a/b: is missing')
    expect(outcome(Text, a({}, xml('urn:y', 'b', {}, 'no'), b('yes')))).toEqual({ b: 'yes' })
    expect(outcome(element(NS, 'a', { b: childText('b', uint) }), a({}, b('x')))).toBe(
      'a/b: is not a non-negative integer',
    )
  })

  test("optional: '' and absent both survive (XEP-0059)", () => {
    const Optional = element(NS, 'a', { b: optional(childText('b')) })
    both(Optional, { b: '' }, '<a><b/></a>')
    both(Optional, {}, '<a/>')
    expect(outcome(Optional, a({}, b(), b()))).toBe('a/b: occurs more than once')
  })
})

describe('childTexts', () => {
  const Texts = element(NS, 'a', { b: childTexts('b') })

  test('both directions', () => {
    both(Texts, { b: [] }, '<a/>')
    both(Texts, { b: ['x', '', 'y'] }, '<a><b>x</b><b/><b>y</b></a>')
    both(element(NS, 'a', { b: childTexts('b', uint) }), { b: [2, 1] }, '<a><b>2</b><b>1</b></a>')
  })

  test('one malformed is malformed', () => {
    const Numbers = element(NS, 'a', { b: childTexts('b', uint) })
    expect(outcome(Numbers, a({}, b('1'), b('x')))).toBe('a/b: is not a non-negative integer')
    expect(outcome(Numbers, a({}, b('1'), xml('urn:y', 'b', {}, 'x')))).toEqual({ b: [1] })
  })
})

describe('langText', () => {
  const Name = element(NS, 'a', { name: langText('b') })

  test('both directions', () => {
    both(Name, { name: { '': 'x', de: 'y', fr: '' } }, "<a><b>x</b><b xml:lang='de'>y</b><b xml:lang='fr'/></a>")
    both(Name, { name: {} }, '<a/>')
  })

  test('the first of a language counts, and objects have no say', () => {
    const de = (content: string) => xml(NS, 'b', { 'xml:lang': 'de' }, content)
    expect(outcome(Name, a({}, de('1'), b('2'), de('3'), b('4')))).toEqual({ name: { de: '1', '': '2' } })
    const value = outcome(Name, a({})) as { name: object }
    expect(Object.getPrototypeOf(value.name)).toBeNull()
    expect('toString' in value.name).toBe(false)
  })
})

describe('flag', () => {
  const Flag = element(NS, 'a', { b: flag('b') })

  test('both directions', () => {
    both(Flag, { b: true }, '<a><b/></a>')
    both(Flag, {}, '<a/>')
    expect(serialize(Flag({ b: false }), NS)).toBe('<a/>')
  })

  test('content and number do not matter, the namespace does', () => {
    expect(outcome(Flag, a({}, b('x'), b()))).toEqual({ b: true })
    expect(outcome(Flag, a({}, xml('urn:y', 'b')))).toEqual({})
  })
})

describe('child', () => {
  const B = element(NS, 'b', { n: attr('n', uint) })
  const Outer = element(NS, 'a', { b: child(B) })
  const Deep = element(NS, 'r', { a: child(Outer) })

  test('both directions', () => {
    both(Outer, { b: { n: 1 } }, "<a><b n='1'/></a>")
    both(element(NS, 'a', { on: child(marker('urn:y', 'on')) }), { on: true }, "<a><on xmlns='urn:y'/></a>")
    both(element(NS, 'a', { s: child(tagged(NS, 'p', 'q')) }), { s: 'q' }, '<a><q/></a>')
  })

  test('absent, twice, malformed', () => {
    expect(outcome(Outer, a({}))).toBe('a/b: is missing')
    expect(outcome(Outer, a({}, B({ n: 1 }), B({ n: 1 })))).toBe('a/b: occurs more than once')
    expect(outcome(Outer, a({}, b()))).toBe('a/b@n: is missing')
    expect(outcome(Deep, xml(NS, 'r', {}, a({}, xml(NS, 'b', { n: 'x' }))))).toBe(
      'r/a/b@n: is not a non-negative integer',
    )
    expect(outcome(Deep, xml(NS, 'r', {}, a({})))).toBe('r/a/b: is missing')
    expect(outcome(Deep, xml(NS, 'r', {}, a({}, b(), b())))).toBe('r/a/b: occurs more than once')
    const State = element(NS, 'a', { s: child(tagged(NS, 'p', 'q')) })
    expect(outcome(State, a({}))).toBe('a/p|q: is missing')
    expect(outcome(State, a({}, xml(NS, 'p'), xml(NS, 'q')))).toBe('a/q: occurs more than once')
  })

  test('optional', () => {
    const Optional = element(NS, 'a', { b: optional(child(B)) })
    both(Optional, {}, '<a/>')
    expect(outcome(Optional, a({}, b()))).toBe('a/b@n: is missing')
    expect(outcome(Optional, a({}, b(), b()))).toBe('a/b: occurs more than once')
  })
})

describe('children', () => {
  const B = element(NS, 'b', { data: text(base64) })
  const Outer = element(NS, 'a', { b: children(B) })

  test('both directions', () => {
    both(Outer, { b: [] }, '<a/>')
    both(Outer, { b: [{ data: Uint8Array.of(1) }, { data: Uint8Array.of() }] }, '<a><b>AQ==</b><b/></a>')
  })

  test('one malformed is malformed', () => {
    expect(outcome(Outer, a({}, b('AQ=='), b('!')))).toBe('a/b: is not base64')
  })
})

describe('anyElement', () => {
  const Any = element(NS, 'a', { content: anyElement() })

  test('the one child in a foreign namespace', () => {
    const foreign = xml('urn:y', 'x', { id: '1' }, 'text')
    both(Any, { content: foreign }, "<a><x xmlns='urn:y' id='1'>text</x></a>")
    expect(outcome(Any, a({}, b(), foreign, 'text'))).toEqual({ content: foreign })
    expect(outcome(Any, a({}, b()))).toBe('a/*: is missing')
    expect(outcome(Any, a({}, foreign, xml('', 'y')))).toBe('a/y: occurs more than once')
  })

  test('optional', () => {
    both(element(NS, 'a', { content: optional(anyElement()) }), {}, '<a/>')
  })
})
