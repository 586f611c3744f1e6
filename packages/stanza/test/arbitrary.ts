import { XmlElement, type XmlNode } from '@couplet/stanza'
import fc from 'fast-check'

/** Any character that XML 1.0 allows (§2.2), the awkward ones more often than by chance. */
const character = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...'&<>\'"]\t\n\r ;#x{}:=/\x7f\x85\u2028\ufeff\ufffd\ud7ff\ue000',
      '\u{1fffe}',
      '\u{10ffff}',
    ),
  },
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter(isLegal) },
)

/** XML 1.0 §2.2, production 2. */
export function isLegal(text: string): boolean {
  return !/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text)
}

/** Any text that XML can carry. */
export const legalText = fc.string({ unit: character, maxLength: 30 })

const someText = legalText.filter((text) => text !== '')

const nameStart = fc.constantFrom(...'abcXYZ_éÅØ中Ⅷ\u0370\u2c00\uf900\ufdf0', '\u{10000}', '\u{effff}')
const nameChar = fc.oneof(nameStart, fc.constantFrom(...'0189-._·\u0300\u036f‿⁀'))

/** Any local name, also those that objects have. */
export const name = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(nameStart, fc.string({ unit: nameChar, maxLength: 6 })).map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'xml', 'xmlns', 'a0') },
)

/** A namespace name as our parser accepts it: no white space around, none of the two reserved ones. */
const declarable = fc
  .oneof(fc.constantFrom('jabber:client', 'urn:x', 'urn:y', 'http://etherx.jabber.org/streams'), legalText)
  .filter((ns) => ns !== '' && ns.trim() === ns)

const ns = fc.oneof(
  { weight: 8, arbitrary: declarable },
  { weight: 1, arbitrary: fc.constantFrom('', 'http://www.w3.org/XML/1998/namespace') },
)

const attributeKey = fc.oneof(
  { weight: 5, arbitrary: name.filter((key) => key !== 'xmlns') },
  { weight: 1, arbitrary: fc.constantFrom('xml:lang', 'xml:space') },
  { weight: 2, arbitrary: fc.tuple(declarable, name).map(([uri, local]) => `{${uri}}${local}`) },
)

const attributes = fc
  .uniqueArray(fc.tuple(attributeKey, legalText), { maxLength: 5, selector: ([key]) => key })
  .map((pairs) => pairs.flat())

function build(parts: { ns: string; name: string; attributes: string[]; children: XmlNode[] }): XmlElement {
  return new XmlElement(parts.ns, parts.name, parts.attributes, parts.children, undefined)
}

/** Any tree that can be on a stream: unknown children, attributes in namespaces, any text, in pieces as it comes. */
export const tree: fc.Arbitrary<XmlElement> = fc.letrec<{ node: XmlElement }>((tie) => ({
  node: fc
    .record({
      ns,
      name,
      attributes,
      children: fc.array(fc.oneof({ depthSize: 'small', withCrossShrink: true }, someText, tie('node')), {
        maxLength: 5,
      }),
    })
    .map(build),
})).node
