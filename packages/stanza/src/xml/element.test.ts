import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { marker } from '../schema/element-def.js'
import { XmlElement, xml } from './element.js'

const NS = 'urn:x'

describe('xml()', () => {
  test('builds', () => {
    const node = xml(NS, 'a', { id: '1', none: undefined, 'xml:lang': 'de', '{urn:y}b': '2' }, 'x', xml(NS, 'b'))
    expect([node.ns, node.name, node.lang, node.text]).toEqual([NS, 'a', 'de', 'x'])
    expect([...node.attributes()]).toEqual([
      ['id', '1'],
      ['xml:lang', 'de'],
      ['{urn:y}b', '2'],
    ])
  })

  test('adjacent text is one text, and empty text is none', () => {
    expect(xml(NS, 'a', {}, 'x', '', 'y', xml(NS, 'b'), '', 'z').children).toEqual(['xy', xml(NS, 'b'), 'z'])
    expect(xml(NS, 'a', {}, '').children).toEqual([])
    expect(xml(NS, 'a', {}, '', xml(NS, 'b')).children).toHaveLength(1)
  })

  test('accepts every name that XML accepts', () => {
    for (const name of ['a', '_', 'é', 'a-b.c_1', 'a·', 'Ⅷ', '中', '\u{10000}', 'a\u0300', '‿'.padStart(2, 'a')]) {
      expect(xml(NS, name).name).toBe(name)
      expect(xml(NS, 'a', { [name]: '1', [`{urn:y}${name}`]: '2' }).attr(name)).toBe('1')
    }
  })

  test('refuses what is no name', () => {
    for (const name of ['', 'a b', 'a:b', '1a', '-a', '.a', '·a', 'ª', 'a²', 'a>', 'a\n', '{a', '\u{f0000}']) {
      expect(() => xml(NS, name), name).toThrow(TypeError)
    }
    for (const key of ['', 'xmlns', 'xmlns:a', 'a:b', 'xml:', '{urn:y}', '{}a', '{a}{b}c', ' a', 'a=']) {
      expect(() => xml(NS, 'a', { [key]: '1' }), key).toThrow(TypeError)
    }
  })

  test('refuses namespaces that no prefix can have', () => {
    expect(() => xml(NS, 'a', { '{http://www.w3.org/XML/1998/namespace}lang': 'de' })).toThrow(TypeError)
    expect(() => xml(NS, 'a', { '{http://www.w3.org/2000/xmlns/}b': 'urn:y' })).toThrow(TypeError)
    expect(xml(NS, 'a', { '{http://www.w3.org/2000/xmlns}b': '1' }).attr('{http://www.w3.org/2000/xmlns}b')).toBe('1')
  })
})

describe('reading', () => {
  const node = xml(
    NS,
    'a',
    { id: '1' },
    'x',
    xml(NS, 'b', { n: '1' }),
    'y',
    xml('urn:y', 'b'),
    xml(NS, 'b', { n: '2' }),
  )

  test('attr', () => {
    expect(node.attr('id')).toBe('1')
    expect(node.attr('none')).toBeUndefined()
    // Keys and values are kept in one list: a value is not a key.
    expect(node.attr('1')).toBeUndefined()
    expect(xml(NS, 'a').attr('toString')).toBeUndefined()
  })

  test('text is the direct text', () => {
    expect(node.text).toBe('xy')
    expect(xml(NS, 'a').text).toBe('')
    expect(xml(NS, 'a', {}, xml(NS, 'b', {}, 'no')).text).toBe('')
    expect(xml(NS, 'a', {}, 'one').text).toBe('one')
  })

  test('elements and child', () => {
    expect([...node.elements()].map(({ ns, name }) => `${ns} ${name}`)).toEqual(['urn:x b', 'urn:y b', 'urn:x b'])
    expect(node.child('b')?.attr('n')).toBe('1')
    expect(node.child('b', 'urn:y')?.ns).toBe('urn:y')
    expect(node.child('c')).toBeUndefined()
    expect(node.child('b', '')).toBeUndefined()
  })
})

describe('with', () => {
  const node = xml(NS, 'a', { id: '1', b: '2', 'xml:lang': 'de' }, 'x')

  test('sets, adds, removes and appends, on a copy', () => {
    const copy = node.with({ id: '3', b: undefined, c: '4' }, 'y', xml(NS, 'd'))
    expect(copy.toString()).toBe("<a xmlns='urn:x' xml:lang='de' id='3' c='4'>xy<d/></a>")
    expect(copy.lang).toBe('de')
    expect(node.toString()).toBe("<a xmlns='urn:x' id='1' b='2' xml:lang='de'>x</a>")
    expect(node.with({}).equals(node)).toBe(true)
  })

  test('the language follows its attribute', () => {
    expect(node.with({ 'xml:lang': 'en' }).lang).toBe('en')
    expect(node.with({ 'xml:lang': undefined }).lang).toBeUndefined()
    const inherited = new XmlElement(NS, 'a', [], [], 'fr')
    expect(inherited.with({ id: '1' }).lang).toBe('fr')
  })

  test('refuses what xml() refuses', () => {
    expect(() => node.with({ 'a b': '1' })).toThrow(TypeError)
  })

  test('attributes that objects have', () => {
    const proto = xml(NS, 'a', { ['__proto__']: '1', toString: '2' })
    expect([...proto.with({ id: '3' }).attributes()].map(([key]) => key)).toEqual(['__proto__', 'toString', 'id'])
  })
})

describe('equals', () => {
  const node = xml(NS, 'a', { b: '1', c: '2' }, 'x', xml(NS, 'd'))

  test('the order of attributes does not matter', () => {
    expect(node.equals(xml(NS, 'a', { c: '2', b: '1' }, 'x', xml(NS, 'd')))).toBe(true)
  })

  test('text in pieces is the same text', () => {
    const pieces = new XmlElement(NS, 'a', ['b', '1', 'c', '2'], ['', 'x', '', xml(NS, 'd'), ''], undefined)
    expect(node.equals(pieces)).toBe(true)
    expect(pieces.equals(node)).toBe(true)
  })

  test.each([
    ['name', xml(NS, 'b', { b: '1', c: '2' }, 'x', xml(NS, 'd'))],
    ['namespace', xml('urn:y', 'a', { b: '1', c: '2' }, 'x', xml(NS, 'd'))],
    ['attribute value', xml(NS, 'a', { b: '1', c: '3' }, 'x', xml(NS, 'd'))],
    ['attribute name', xml(NS, 'a', { b: '1', e: '2' }, 'x', xml(NS, 'd'))],
    ['fewer attributes', xml(NS, 'a', { b: '1' }, 'x', xml(NS, 'd'))],
    ['more attributes', xml(NS, 'a', { b: '1', c: '2', e: '3' }, 'x', xml(NS, 'd'))],
    ['text', xml(NS, 'a', { b: '1', c: '2' }, 'y', xml(NS, 'd'))],
    ['order of children', xml(NS, 'a', { b: '1', c: '2' }, xml(NS, 'd'), 'x')],
    ['fewer children', xml(NS, 'a', { b: '1', c: '2' }, 'x')],
    ['a grandchild', xml(NS, 'a', { b: '1', c: '2' }, 'x', xml(NS, 'd', {}, xml(NS, 'e')))],
  ])('another %s is another element', (_what, other) => {
    expect(node.equals(other)).toBe(false)
    expect(other.equals(node)).toBe(false)
  })
})

test('toString is self-contained; inspecting shows names, never text or attributes', () => {
  const node = xml(NS, 'a', { key: 'secret' }, 'secret', marker(NS, 'b')())
  expect(String(node)).toBe("<a xmlns='urn:x' key='secret'>secret<b/></a>")
  expect(inspect(node)).toBe("XmlElement <a xmlns='urn:x'> (2 children)")
  expect(inspect({ node })).not.toContain('secret')
})
