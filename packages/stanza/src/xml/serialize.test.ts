import { describe, expect, test } from 'vitest'
import { XmppError } from '../error.js'
import { XmlElement, xml } from './element.js'
import { escapeAttribute, escapeText, IllegalCharacterError, serialize } from './serialize.js'

const NS = 'urn:x'

describe('escaping', () => {
  test('text', () => {
    expect(escapeText(`a & b < c > d ' e " f`)).toBe(`a &amp; b &lt; c &gt; d ' e " f`)
    expect(escapeText(']]>')).toBe(']]&gt;')
    expect(escapeText('a\tb\nc\rd\r\n')).toBe('a\tb\nc&#xD;d&#xD;\n')
    expect(escapeText('')).toBe('')
  })

  test('attributes: white space survives normalisation (XML 1.0 §3.3.3)', () => {
    expect(escapeAttribute(`&<>'"`)).toBe('&amp;&lt;&gt;&apos;&quot;')
    expect(escapeAttribute('a\tb\nc\rd e')).toBe('a&#x9;b&#xA;c&#xD;d e')
  })

  test.each([escapeText, escapeAttribute])('%o keeps every legal character', (escapeWith) => {
    for (const text of [
      '\x7f',
      '\x80',
      '\x85',
      '\u2028',
      '\ud7ff',
      '\ue000',
      '\ufffd',
      '\ufeff',
      '😀',
      '\u{1fffe}',
      '\u{10ffff}',
    ]) {
      expect(escapeWith(text)).toBe(text)
      expect(escapeWith(`&${text}&`)).toBe(`&amp;${text}&amp;`)
    }
  })

  test.each([escapeText, escapeAttribute])('%o refuses every illegal one', (escapeWith) => {
    const illegal = [...Array(0x20).keys()].filter((unit) => ![9, 10, 13].includes(unit))
    for (const unit of [...illegal, 0xfffe, 0xffff, 0xd800, 0xdbff, 0xdc00, 0xdfff]) {
      for (const text of [
        String.fromCharCode(unit),
        `a${String.fromCharCode(unit)}b`,
        `😀${String.fromCharCode(unit)}`,
      ]) {
        expect(() => escapeWith(text)).toThrow(IllegalCharacterError)
      }
    }
    expect(() => escapeWith('\ud83d😀')).toThrow(IllegalCharacterError)
    expect(() => escapeWith('\ude00\ud83d')).toThrow(IllegalCharacterError)
  })

  test('the error names the character, not the text', () => {
    const error = new IllegalCharacterError(0)
    expect(error).toMatchObject({
      code: 'illegal-character',
      retry: 'no',
      codeUnit: 0,
      message: 'XML cannot carry U+0000',
    })
    expect(XmppError.is(error)).toBe(true)
  })
})

describe('serialize', () => {
  test('declares a namespace where it changes, and only there', () => {
    const node = xml(
      NS,
      'a',
      {},
      xml(NS, 'b'),
      xml('urn:y', 'c', {}, xml('urn:y', 'd'), xml(NS, 'e')),
      xml('', 'f', {}, xml(NS, 'g')),
    )
    expect(serialize(node)).toBe(
      "<a xmlns='urn:x'><b/><c xmlns='urn:y'><d/><e xmlns='urn:x'/></c><f xmlns=''><g xmlns='urn:x'/></f></a>",
    )
    expect(serialize(node, NS).startsWith('<a><b/>')).toBe(true)
    expect(serialize(xml('', 'a'))).toBe('<a/>')
    expect(serialize(xml('', 'a'), NS)).toBe("<a xmlns=''/>")
  })

  test('attributes: plain, xml:lang, and in namespaces', () => {
    const node = xml(
      NS,
      'a',
      { b: '1', 'xml:lang': 'de', '{urn:y}c': '2', '{urn:z&}c': '3' },
      xml(NS, 'd', { '{urn:y}c': '4' }),
    )
    expect(serialize(node)).toBe(
      "<a xmlns='urn:x' b='1' xml:lang='de' xmlns:a0='urn:y' a0:c='2' xmlns:a1='urn:z&amp;' a1:c='3'>" +
        "<d xmlns:a0='urn:y' a0:c='4'/></a>",
    )
  })

  test('a brace in a namespace stays in it', () => {
    const node = new XmlElement(NS, 'a', ["{}x='1'/><iq/>}b", '2'], [], undefined)
    expect(serialize(node)).toBe("<a xmlns='urn:x' xmlns:a0='}x=&apos;1&apos;/&gt;&lt;iq/&gt;' a0:b='2'/>")
  })

  test('the namespace xml has its prefix and is never declared', () => {
    const node = new XmlElement(
      'http://www.w3.org/XML/1998/namespace',
      'a',
      [],
      ['x', xml(NS, 'b'), xml('', 'c')],
      undefined,
    )
    expect(serialize(xml(NS, 'r', {}, node))).toBe("<r xmlns='urn:x'><xml:a>x<b/><c xmlns=''/></xml:a></r>")
    expect(serialize(node)).toBe("<xml:a>x<b xmlns='urn:x'/><c/></xml:a>")
  })

  test('the namespace is escaped', () => {
    expect(serialize(xml("'/><iq x='", 'a'))).toBe("<a xmlns='&apos;/&gt;&lt;iq x=&apos;'/>")
  })
})
