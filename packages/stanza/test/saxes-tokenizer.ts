import { serialize, XmlElement, type XmlNode } from '@couplet/stanza'
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes'

/**
 * Where saxes, an XML reader for any document, takes what an XMPP stream must refuse:
 * - `restricted`: comments, processing instructions and document types (RFC 6120 §11.1);
 * - `encoding`: an XML declaration for something else than XML 1.0 in UTF-8 (RFC 6120 §11.6);
 * - `stray`: text between stanzas, which is XML, but not a stream;
 * - `name`: a second half of a qualified name that is no NCName (XML Namespaces §4);
 * - `space`: white space around a namespace name, which saxes removes.
 */
export type Leniency = 'restricted' | 'encoding' | 'stray' | 'name' | 'space'

/** What saxes makes of a document. */
export interface SaxesReading {
  /** The same words and XML that `show` makes of our events, without errors. */
  readonly events: readonly string[]
  /** Whether it read to the end of the root and saw nothing wrong. */
  readonly accepted: boolean
  /** What it took that we must not take. */
  readonly leniencies: ReadonlySet<Leniency>
}

interface Open {
  readonly tag: SaxesTagNS
  readonly children: XmlNode[]
}

const NS_XMLNS = 'http://www.w3.org/2000/xmlns/'
const notNameStart = /^(?:[-.\d\xb7\u203f\u2040]|[\u0300-\u036f])/
const endOfReading = new Error('end of reading')

function toElement({ tag, children }: Open): XmlElement {
  const attributes = Object.values(tag.attributes).flatMap(({ prefix, local, uri, value }) => {
    if (uri === NS_XMLNS) return []
    return [prefix === '' ? local : prefix === 'xml' ? `xml:${local}` : `{${uri}}${local}`, value]
  })
  return new XmlElement(tag.uri, tag.local, attributes, children, undefined)
}

/** Reads a document with saxes, in pieces; builds its own trees, with nothing of ours but the element. */
export function readWithSaxes(pieces: Iterable<string>): SaxesReading {
  const events: string[] = []
  const leniencies = new Set<Leniency>()
  const open: Open[] = []
  let accepted = false
  const parser = new SaxesParser({ xmlns: true, position: false })
  const add = (node: string): void => {
    const children = open.at(-1)?.children
    if (children === undefined || node === '') return
    if (open.length === 1 && /[^ \t\n]/.test(node)) leniencies.add('stray')
    if (typeof children.at(-1) === 'string') children.push((children.pop() as string) + node)
    else children.push(node)
  }
  parser.on('error', (error) => {
    // It ends the element before it compares the names: what it ended is void.
    if (error.message.startsWith('unexpected close tag')) {
      if (open.length < 2) events.pop()
      accepted = false
    }
    // Otherwise, if the root has ended, this is about what follows, which is not part of the stream.
    throw endOfReading
  })
  for (const event of ['comment', 'processinginstruction', 'doctype'] as const) {
    parser.on(event, () => leniencies.add('restricted'))
  }
  parser.on('xmldecl', ({ version, encoding = 'utf-8' }) => {
    if (version !== '1.0' || encoding.toLowerCase() !== 'utf-8') leniencies.add('encoding')
  })
  parser.on(
    'attribute',
    ({ name, prefix, local, value }: Pick<SaxesAttributeNS, 'name' | 'prefix' | 'local' | 'value'>) => {
      if (prefix !== '' && notNameStart.test(local)) leniencies.add('name')
      if ((name === 'xmlns' || prefix === 'xmlns') && value.trim() !== value) leniencies.add('space')
    },
  )
  parser.on('opentag', (tag) => {
    if (tag.prefix !== '' && notNameStart.test(tag.local)) leniencies.add('name')
    if (open.length === 0) events.push('start')
    open.push({ tag, children: [] })
  })
  parser.on('text', add)
  parser.on('cdata', add)
  parser.on('closetag', () => {
    const element = toElement(open.pop() as Open)
    open.at(-1)?.children.push(element)
    if (open.length === 1) events.push(serialize(element, 'jabber:client'))
    if (open.length > 0) return
    events.push('end')
    accepted = true
  })
  try {
    for (const piece of pieces) {
      parser.write(piece)
      if (accepted) break
    }
    // Only now does it say what is missing.
    if (!accepted) parser.close()
  } catch (error) {
    if (error !== endOfReading) throw error
  }
  return { events, accepted, leniencies }
}
