import { describe, expect, test } from 'vitest'
import { XmppError } from '../error.js'
import { readElement, type XmlElement, type XmlNode, xml } from '../xml/element.js'
import { serialize } from '../xml/serialize.js'
import { uint } from './codec.js'
import { define, type ElementDef, element, lazy, marker, oneOfElements, tagged } from './element-def.js'
import { attr, child, children, childText, flag, optional, text } from './field.js'
import { iqGet, iqSet } from './iq-procedure.js'
import { Malformed, MalformedElementError } from './malformed.js'

const NS = 'urn:x'
const Item = element(NS, 'item', { id: attr('id', uint), note: optional(childText('note')) })
const holding = (...nodes: XmlNode[]) => xml('urn:p', 'parent', {}, ...nodes)
const item = (id: string) => xml(NS, 'item', { id })

describe('absent and malformed (the three ways of access)', () => {
  const absent = holding('text', xml(NS, 'other'), xml('urn:y', 'item', { id: '1' }))
  const malformed = holding(item('x'), item('2'), item('y'), item('3'))

  test('absent', () => {
    expect(absent.get(Item)).toBeUndefined()
    expect(absent.read(Item)).toBeUndefined()
    expect(absent.all(Item)).toEqual([])
  })

  test('malformed: the first decides get and read, all skips', () => {
    expect(malformed.get(Item)).toBeUndefined()
    const result = malformed.read(Item)
    expect(result?.ok).toBe(false)
    expect(result?.ok === false && result.error).toBeInstanceOf(MalformedElementError)
    expect(malformed.all(Item)).toEqual([{ id: 2 }, { id: 3 }])
  })

  test('there: the first is got, all are all', () => {
    const two = holding(item('1'), item('2'), item('x'))
    expect(two.get(Item)).toEqual({ id: 1 })
    expect(two.read(Item)).toEqual({ ok: true, value: { id: 1 } })
    expect(two.all(Item)).toEqual([{ id: 1 }, { id: 2 }])
  })

  test('the error says where and what, never what was sent', () => {
    const result = readElement(Item, item('secret'))
    const error = result.ok ? undefined : result.error
    expect(error).toMatchObject({
      name: 'MalformedElementError',
      code: 'malformed-element',
      retry: 'no',
      path: 'item@id',
      problem: 'is not a non-negative integer',
      message: 'item@id: is not a non-negative integer',
    })
    expect(XmppError.is(error)).toBe(true)
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  test('get and read look at children, not at the element itself or below', () => {
    expect(item('1').get(Item)).toBeUndefined()
    expect(holding(xml('urn:y', 'wrap', {}, item('1'))).get(Item)).toBeUndefined()
  })
})

describe('element', () => {
  test('is callable, and says what it is', () => {
    expect(Item.ns).toBe(NS)
    expect(Item.tags).toEqual(['item'])
    expect(Item({ id: 1 }).equals(Item.build({ id: 1 }))).toBe(true)
    expect(Item.matches(xml(NS, 'item'))).toBe(true)
    expect(Item.matches(xml(NS, 'items'))).toBe(false)
    expect(Item.matches(xml('urn:y', 'item'))).toBe(false)
  })

  test('what it writes has the language that it says', () => {
    const Said = element('urn:example', 'said', { lang: optional(attr('xml:lang')) })
    expect([Said({ lang: 'fr-ca' }).lang, Said({}).lang]).toEqual(['fr-ca', undefined])
  })

  test('writes in the order of the declaration, whatever the order of the value', () => {
    const D = element(NS, 'd', { b: attr('b'), x: childText('x'), a: attr('a'), w: childText('w') })
    expect(serialize(D({ a: '1', w: '2', x: '3', b: '4' }))).toBe("<d xmlns='urn:x' b='4' a='1'><x>3</x><w>2</w></d>")
  })

  test('needs its required parts also from JavaScript', () => {
    const loose = Item as unknown as (value?: object) => XmlElement
    expect(() => loose({})).toThrow(new TypeError('<item/> needs "id"'))
    expect(() => loose()).toThrow(TypeError)
    expect(() => loose({ id: -1 })).toThrow(RangeError)
  })

  test('takes no value if it has no required part', () => {
    const Empty = element(NS, 'e', { a: optional(attr('a')), f: flag('f') })
    expect(serialize(Empty(), NS)).toBe('<e/>')
    expect(serialize(Empty({}), NS)).toBe('<e/>')
    expect(serialize(element(NS, 'e', {})(), NS)).toBe('<e/>')
  })

  test('unknown parts are not in the value and stay in the tree', () => {
    const node = xml(NS, 'item', { id: '1', extra: 'x' }, xml('urn:y', 'z'))
    expect(readElement(Item, node)).toEqual({ ok: true, value: { id: 1 } })
    expect(node.attr('extra')).toBe('x')
  })

  test('the first malformed part in declaration order is reported', () => {
    const D = element(NS, 'd', { b: attr('b', uint), a: attr('a', uint) })
    expect(D.parse(xml(NS, 'd', { a: 'x', b: 'x' }))).toEqual(new Malformed('@b', 'is not a non-negative integer'))
  })
})

test('marker', () => {
  const Request = marker(NS, 'request')
  expect(serialize(Request())).toBe("<request xmlns='urn:x'/>")
  expect(holding(Request()).get(Request)).toBe(true)
  expect(holding(xml(NS, 'request', { a: '1' }, 'text')).get(Request)).toBe(true)
  expect(holding().get(Request)).toBeUndefined()
  expect(Request.build(true).equals(Request())).toBe(true)
})

test('tagged', () => {
  const State = tagged(NS, 'active', 'gone')
  expect(State.tags).toEqual(['active', 'gone'])
  expect(serialize(State('gone'))).toBe("<gone xmlns='urn:x'/>")
  expect(holding(xml('urn:y', 'gone'), xml(NS, 'typing'), State('active'), State('gone')).all(State)).toEqual([
    'active',
    'gone',
  ])
  const loose = State as unknown as (tag: string) => XmlElement
  expect(() => loose('typing')).toThrow(new TypeError('not one of active, gone: "typing"'))
})

describe('oneOfElements', () => {
  const Other = element('urn:y', 'other', { value: text() })
  const State = tagged(NS, 'on', 'off')
  const Any = oneOfElements({ item: Item, other: Other, state: State })

  test('both directions, also over several namespaces', () => {
    for (const value of [
      { kind: 'item', value: { id: 1 } },
      { kind: 'other', value: { value: 'x' } },
      { kind: 'state', value: 'off' },
    ] as const) {
      expect(holding(Any(value)).get(Any)).toEqual(value)
    }
    expect(Any.tags).toEqual(['item', 'other', 'on', 'off'])
    expect(Any.matches(xml('urn:y', 'item'))).toBe(false)
    expect(Any.matches(xml(NS, 'other'))).toBe(false)
  })

  test('malformed', () => {
    const Outer = element(NS, 'outer', { one: child(Any) })
    const result = holding(xml(NS, 'outer', {}, item('x'))).read(Outer)
    expect(result?.ok === false && result.error.path).toBe('outer/item@id')
    expect(Any.parse(xml('urn:z', 'z'))).toEqual(new Malformed('', 'is none of the alternatives'))
    expect(oneOfElements({}).matches(xml('', 'x'))).toBe(false)
  })
})

test('lazy: an element that contains itself', () => {
  interface Tree {
    readonly name: string
    readonly trees: readonly Tree[]
  }
  let looked = 0
  const Tree: ElementDef<Tree> = element(NS, 'tree', {
    name: attr('name'),
    trees: children(
      lazy(() => {
        looked++
        return Tree
      }),
    ),
  })
  expect(looked).toBe(0)
  const value = {
    name: 'a',
    trees: [
      { name: 'b', trees: [] },
      { name: 'c', trees: [{ name: 'd', trees: [] }] },
    ],
  }
  expect(readElement(Tree, Tree(value))).toEqual({ ok: true, value })
  const broken = xml(NS, 'tree', { name: 'a' }, xml(NS, 'tree', { name: 'b' }, xml(NS, 'tree')))
  const result = readElement(Tree, broken)
  expect(result.ok === false && result.error.path).toBe('tree/tree/tree@name')

  const Self = lazy(() => Item)
  expect([Self.ns, Self.tags]).toEqual([NS, ['item']])
  expect(Self({ id: 1 }).equals(Item({ id: 1 }))).toBe(true)
  expect(element(NS, 'a', { self: child(Self) }).parse(xml(NS, 'a'))).toEqual(new Malformed('/item', 'is missing'))
})

test('define: the way out', () => {
  const Pair = define<readonly [string, string]>(
    NS,
    ['pair'],
    ([left, right]) => xml(NS, 'pair', {}, `${left}=${right}`),
    (node) => {
      const [left, right] = node.text.split('=')
      return left && right ? [left, right] : new Malformed('/text()', 'is no pair')
    },
  )
  expect(holding(Pair(['a', 'b'])).get(Pair)).toEqual(['a', 'b'])
  const result = holding(xml(NS, 'pair')).read(Pair)
  expect(result?.ok === false && result.error.message).toBe('pair/text(): is no pair')
})

test('iqGet and iqSet', () => {
  const Done = marker(NS, 'done')
  expect(iqGet(Item)).toEqual({ type: 'get', request: Item, response: undefined })
  expect(iqSet(Item, Done)).toEqual({ type: 'set', request: Item, response: Done })
})
