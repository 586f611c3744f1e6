import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { NS_CLIENT, NS_STREAM } from '../elements.js'
import { StreamError } from '../stream-error.js'
import type { XmlElement } from './element.js'
import { flatten } from './flatten.js'
import { defaultLimits } from './limits.js'
import { StreamParser } from './stream-parser.js'
import type { StreamEvent } from './tree-builder.js'

const header = `<stream:stream xmlns='${NS_CLIENT}' xmlns:stream='${NS_STREAM}' id='1' xml:lang='en'>`

function elements(events: readonly StreamEvent[]): XmlElement[] {
  return events.flatMap((event) => (event.type === 'element' ? [event.element] : []))
}

function stanza(input: string): XmlElement {
  const [first] = elements(new StreamParser().write(header + input))
  return first as XmlElement
}

const condition = (event: StreamEvent | undefined): string | undefined =>
  event?.type === 'error' ? event.error.condition : event?.type

describe('a stream', () => {
  test('start, elements, end', () => {
    const parser = new StreamParser()
    const [start, ...none] = parser.write(`<?xml version='1.0'?>${header}`)
    expect(none).toEqual([])
    const root = start?.type === 'start' ? start.header : undefined
    expect([root?.ns, root?.name, root?.attr('id'), root?.lang]).toEqual([NS_STREAM, 'stream', '1', 'en'])
    expect([...(root as XmlElement).attributes()]).toEqual([
      ['id', '1'],
      ['xml:lang', 'en'],
    ])
    expect(parser.write('<message/> \n<iq/><pres').map(({ type }) => type)).toEqual(['element', 'element'])
    expect(parser.write('ence/>').map(({ type }) => type)).toEqual(['element'])
    expect(parser.write('')).toEqual([])
    expect(parser.write(new Uint8Array())).toEqual([])
    expect(parser.write('</stream:stream>')).toEqual([{ type: 'end' }])
    expect(parser.write('<message/>')).toEqual([])
  })

  test('names are resolved', () => {
    const node = stanza("<message a='1'><x xmlns='urn:x'><p:y xmlns:p='urn:p' p:q='2'/></x><z/></message>")
    expect([node.ns, node.name, node.attr('a')]).toEqual([NS_CLIENT, 'message', '1'])
    const y = node.child('x', 'urn:x')?.child('y', 'urn:p')
    expect(y?.attr('{urn:p}q')).toBe('2')
    expect(y?.attr('q')).toBeUndefined()
    expect(node.child('z')?.ns).toBe(NS_CLIENT)
  })

  test('namespace declarations are no attributes', () => {
    expect([...stanza("<a xmlns:p='u' xmlns='v'/>").attributes()]).toEqual([])
  })

  test('xml:lang is inherited (RFC 6120 §4.7.4)', () => {
    const node = stanza("<a><b xml:lang='de'><c/></b><d xml:lang=''><e/></d></a>")
    expect(node.lang).toBe('en')
    expect(node.attr('xml:lang')).toBeUndefined()
    expect([node.child('b')?.lang, node.child('b')?.child('c')?.lang]).toEqual(['de', 'de'])
    expect(node.child('d')?.child('e')?.lang).toBe('')
  })

  test('text: references, CDATA and line ends are one text', () => {
    const node = stanza(
      "<a b='&#x9;x\n\ty&#xA;'>&lt;&amp;&gt;&quot;&apos;&#x41;&#66;\r\n\rx<![CDATA[<&]]]]><![CDATA[>]]></a>",
    )
    expect(node.children).toEqual(['<&>"\'AB\n\nx<&]]>'])
    expect(node.attr('b')).toBe('\tx  y\n')
  })

  test('names beyond ASCII', () => {
    const node = stanza("<é xmlns:p='u'><p:Ⅷ p:中='1'/><\u{10000}/></é>")
    expect(node.name).toBe('é')
    expect(node.child('Ⅷ', 'u')?.attr('{u}中')).toBe('1')
    expect(node.child('\u{10000}')).toBeDefined()
  })

  test('an empty CDATA section between stanzas says nothing', () => {
    expect(elements(new StreamParser().write(`${header}<a/><![CDATA[]]><b/>`))).toHaveLength(2)
  })

  test('errors are stream errors of ours, and the last event', () => {
    const parser = new StreamParser()
    const events = parser.write(`${header}<a/><!-- x --><b/>`)
    expect(events.map(({ type }) => type)).toEqual(['start', 'element', 'error'])
    const error = events[2]?.type === 'error' ? events[2].error : undefined
    expect(error).toBeInstanceOf(StreamError)
    expect(error).toMatchObject({ condition: 'restricted-xml', element: undefined })
    expect(parser.write('<c/>')).toEqual([])
  })

  test('events are handed over once', () => {
    const parser = new StreamParser()
    const first = parser.write(`${header}<a/>`)
    expect(parser.write('<b/>')).toHaveLength(1)
    expect(first).toHaveLength(2)
  })

  test('bytes in a larger buffer, at any offset', () => {
    const bytes = new TextEncoder().encode(`xxxx${header}<a>€</a>yyyy`)
    const events = new StreamParser().write(bytes.subarray(4, bytes.length - 4))
    expect(elements(events)[0]?.text).toBe('€')
  })
})

describe('frames (RFC 7395)', () => {
  const framed = () => new StreamParser({ framed: true })

  test('the prefix `stream` of a frame without a declaration, as Prosody ends a stream with', () => {
    const [event] = framed().write('<stream:error><x/></stream:error>')
    expect(event).toMatchObject({ type: 'element', element: { ns: NS_STREAM, name: 'error' } })
    const [other] = framed().write('<stroam:error/>')
    expect(other).toMatchObject({ type: 'error', error: { condition: 'bad-namespace-prefix' } })
  })

  test('each write is one element, and there is no header', () => {
    const parser = framed()
    const events = parser.write("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='1'/>")
    expect(elements(events)[0]?.ns).toBe('urn:ietf:params:xml:ns:xmpp-framing')
    expect(elements(parser.write("<message xmlns='jabber:client'/>"))[0]?.ns).toBe(NS_CLIENT)
    expect(elements(parser.write(new TextEncoder().encode('<a/>')))[0]?.ns).toBe('')
  })

  test('white space around is ignored, an empty frame too', () => {
    const parser = framed()
    expect(parser.write('')).toEqual([])
    expect(parser.write(' \r\n')).toEqual([])
    expect(parser.write(' <a/>\r\n')).toHaveLength(1)
    expect(parser.write(`\n<a>${'x'.repeat(5000)}</a>\n`)).toHaveLength(1)
  })

  test.each([
    ['an element without its end', '<a>', 'not-well-formed'],
    ['half a tag', '<a', 'not-well-formed'],
    ['text alone', 'x', 'not-well-formed'],
    ['text after the element', '<a/>x', 'not-well-formed'],
    ['a reference after the element', '<a/>&amp;', 'not-well-formed'],
    ['text before the element', 'x<a/>', 'bad-format'],
    ['long text alone', 'x'.repeat(10_000), 'not-well-formed'],
    ['an end tag', '</a>', 'not-well-formed'],
    ['the end of the root we made up', '</stream>', 'not-well-formed'],
    ['the same and a new one', '</stream><stream>', 'not-well-formed'],
    ['an XML declaration', "<?xml version='1.0'?><a/>", 'restricted-xml'],
    ['a comment', '<!-- --><a/>', 'restricted-xml'],
    ['a byte order mark', '\ufeff<a/>', 'bad-format'],
    ['a prefix of the frame before', '<p:b/>', 'bad-namespace-prefix'],
  ])('%s is refused', (_title, frame, expected) => {
    const parser = framed()
    expect(parser.write("<p:a xmlns:p='u'/>")).toHaveLength(1)
    expect(condition(parser.write(frame).at(-1))).toBe(expected)
    expect(parser.write('<a/>')).toEqual([])
  })
})

test('a frame is not kept by the connection it came on', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = (): number => {
    collect()
    return process.memoryUsage().heapUsed / 1e6
  }
  const before = heap()
  const parsers = Array.from({ length: 40 }, (_, i) => {
    const parser = new StreamParser({ framed: true })
    const frame = `<message xmlns='urn:x' a='a value that is not short' b='a value that is not short'>${i}</message>`
    const [large] = elements(parser.write(frame.replace('>', `>${'x'.repeat(900_000)}`)))
    const [small] = elements(parser.write(`<r xmlns='urn:x'/>`))
    return { parser, read: [large?.attr('b'), small?.name].join().length }
  })
  expect(heap() - before).toBeLessThan(10)
  expect(parsers.every(({ parser, read }) => read === 27 && parser.write(`<r xmlns='urn:x'/>`).length === 1)).toBe(true)
})

test('the default limits', () => {
  expect(defaultLimits).toEqual({
    stanzaBytes: 1_048_576,
    depth: 64,
    attributes: 128,
    namespaces: 32,
    tokenLength: 65_536,
    elements: 20_000,
  })
})

test('flatten gives the same text', () => {
  const chunk = `<a id='${'x'.repeat(50)}'/>`
  for (const text of [
    '',
    'short',
    chunk,
    chunk.slice(3, 40),
    '"\\\b\u2028\u2029\0é😀'.repeat(3),
    'lone half \ud83d!',
    '\ude00'.repeat(20),
  ]) {
    expect(flatten(text)).toBe(text)
  }
})
