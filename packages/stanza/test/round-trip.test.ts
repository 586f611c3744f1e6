import { serialize, XmlElement, type XmlNode } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLegal, legalText, tree } from './arbitrary.js'
import { header } from './feed.js'

function parse(text: string): XmlElement {
  const [, event] = new StreamParser().write(header + text)
  if (event?.type !== 'element')
    throw new Error(`${event?.type === 'error' ? event.error.message : 'nothing'}: ${text}`)
  return event.element
}

/** The same tree with the languages that a parser would find. */
function inherit(node: XmlNode, lang?: string): XmlNode {
  if (typeof node === 'string') return node
  const own = node.attr('xml:lang') ?? lang
  const children = node.children.map((child) => inherit(child, own))
  return new XmlElement(node.ns, node.name, [...node.attributes()].flat(), children, own)
}

const languages = (node: XmlElement): unknown[] => [node.lang, ...[...node.elements()].map(languages)]

test('parse(serialize(x)) is x, for any tree', () => {
  fc.assert(
    fc.property(tree, (node) => {
      const parsed = parse(serialize(node, 'jabber:client'))
      expect(parsed.equals(node) && node.equals(parsed)).toBe(true)
      expect(languages(parsed)).toEqual(languages(inherit(node) as XmlElement))
    }),
    { numRuns: 1000 },
  )
})

test('what is written is the same whatever is in scope, and does not change by reading it', () => {
  fc.assert(
    fc.property(tree, fc.constantFrom('', 'jabber:client', 'urn:x'), (node, scope) => {
      const [event] = new StreamParser({ framed: true }).write(`${serialize(node)}`)
      expect(event?.type === 'element' && event.element.equals(node)).toBe(true)
      const parsed = parse(`<x xmlns='${scope}'>${serialize(node, scope)}</x>`)
      expect([...parsed.elements()][0]?.equals(node)).toBe(true)
      const written = serialize(parse(serialize(node, 'jabber:client')), 'jabber:client')
      expect(written).toBe(serialize(node, 'jabber:client'))
    }),
  )
})

test('any text is either written so that it is read back, or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        legalText,
        fc.string({ unit: 'binary' }),
        fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
      ),
      (text) => {
        const node = new XmlElement('urn:x', 'a', ['b', text], text === '' ? [] : [text], undefined)
        if (isLegal(text)) {
          expect(parse(serialize(node)).equals(node)).toBe(true)
        } else {
          expect(() => serialize(node)).toThrow(expect.objectContaining({ code: 'illegal-character' }))
        }
      },
    ),
    { numRuns: 1000 },
  )
})
