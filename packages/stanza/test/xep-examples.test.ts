import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { serialize, type XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import { DOMParser, type Element as DomElement, type Node } from '@xmldom/xmldom'
import { describe, expect, test } from 'vitest'

interface Example {
  readonly xep: string
  readonly example: number
  readonly xml: string
}

const file = new URL('../../../test-vectors/xep-examples/examples.jsonl.gz', import.meta.url)
const examples = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Example)

/** The prefixes that examples take for granted: of the stream and of server dialback (XEP-0220). */
const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'>"

const withoutComments = (xml: string): string => xml.replace(/<!--.*?-->/gs, '')

/** Our tree; the example in an element, because it can be several elements with text between. */
function ours(xml: string): XmlElement | string {
  const [, event] = new StreamParser().write(`${header}<example>${xml}</example>`)
  if (event?.type === 'element') return event.element
  return event?.type === 'error' ? event.error.condition : 'nothing'
}

function theirs(xml: string): DomElement {
  const problems: string[] = []
  const parser = new DOMParser({ onError: (level, message) => problems.push(`${level}: ${message}`) })
  const document = parser.parseFromString(`${header}<example>${xml}</example></stream:stream>`, 'text/xml')
  expect(problems).toEqual([])
  return document.documentElement?.firstChild as DomElement
}

/** A tree as plain data: names, namespaces, attributes in any order, text. */
interface Plain {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (Plain | string)[]
}

function ourPlain(node: XmlElement): Plain {
  const children = node.children.map((child) => (typeof child === 'string' ? child : ourPlain(child)))
  return { name: `{${node.ns}}${node.name}`, attributes: Object.fromEntries(node.attributes()), children }
}

function theirPlain(node: DomElement): Plain {
  const attributes: Record<string, string> = {}
  for (const { prefix, localName, namespaceURI, value } of Array.from(node.attributes)) {
    if (namespaceURI === 'http://www.w3.org/2000/xmlns/') continue
    const key = prefix === 'xml' ? `xml:${localName}` : namespaceURI ? `{${namespaceURI}}${localName}` : localName
    attributes[key as string] = value
  }
  const children: (Plain | string)[] = []
  for (const child of Array.from(node.childNodes) as Node[]) {
    const last = children.length - 1
    if (child.nodeType === 1) children.push(theirPlain(child as DomElement))
    else if (typeof children[last] === 'string') children[last] += child.nodeValue ?? ''
    else children.push(child.nodeValue ?? '')
  }
  return { name: `{${node.namespaceURI ?? ''}}${node.localName}`, attributes, children }
}

const byXep = new Map<string, Example[]>()
for (const item of examples) byXep.set(item.xep, [...(byXep.get(item.xep) ?? []), item])

test('4,756 examples, all of them are used; 60 contain comments, which XMPP forbids (RFC 6120 §11.1)', () => {
  expect(examples).toHaveLength(4756)
  const refused = examples.filter(({ xml }) => typeof ours(xml) === 'string')
  expect(refused).toHaveLength(60)
  for (const { xml } of refused) expect([ours(xml), xml.includes('<!--')]).toEqual(['restricted-xml', true])
})

describe('two parsers see the same, and nothing is lost on the way out and in', () => {
  test.each([...byXep.keys()])('XEP-%s', (xep) => {
    for (const { example, xml } of byXep.get(xep) ?? []) {
      const text = withoutComments(xml)
      const tree = ours(text)
      if (typeof tree === 'string') throw new Error(`example ${example}: ${tree}`)
      expect(ourPlain(tree), `example ${example}`).toEqual(theirPlain(theirs(text)))
      for (const child of tree.elements()) {
        const again = new StreamParser({ framed: true }).write(serialize(child))
        expect(again.length === 1 && again[0]?.type === 'element' && again[0].element.equals(child)).toBe(true)
      }
    }
  })
})
