import { StreamError, type StreamErrorCondition } from '../stream-error.js'
import { XmlElement, type XmlNode } from './element.js'
import type { RawAttribute, Tokenizer, TokenSink } from './tokenizer.js'

/** What a peer may send at most; beyond it the stream ends with `policy-violation`. */
export interface ParserLimits {
  /** UTF-8 bytes of one stanza (UTF-16 units where the transport hands over text); default 1 MiB. */
  readonly stanzaBytes: number
  /** Nested elements within a stanza, itself included; default 64. */
  readonly depth: number
  /** Attributes of one element, namespace declarations included; default 128. */
  readonly attributes: number
  /** Namespace declarations of one element; default 32. */
  readonly namespaces: number
  /** UTF-16 units of a name or an attribute value, and twice that as written, with its references; default 64 KiB. */
  readonly tokenLength: number
  /** Elements of one stanza, at any depth; default 20,000. */
  readonly elements: number
}

/** The defaults. */
export const defaultLimits: ParserLimits = {
  stanzaBytes: 1_048_576,
  depth: 64,
  attributes: 128,
  namespaces: 32,
  tokenLength: 65_536,
  elements: 20_000,
}

/** What happens on a stream, in order. After `end` and `error` nothing follows. */
export type StreamEvent =
  | { readonly type: 'start'; readonly header: XmlElement }
  | { readonly type: 'element'; readonly element: XmlElement }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly error: StreamError }

/** Thrown to leave the tokenizer when the root was closed and more follows. */
const endOfStream = new Error('end of stream')

/** What a Name can contain but not begin with (XML 1.0 §2.3, productions 4 and 4a). */
const notNameStart = /^(?:[-.\d\xb7\u203f\u2040]|[\u0300-\u036f])/
const whiteSpace = /^[ \t\r\n]*$/
const empty: readonly never[] = []

/** An element whose end tag has not come yet. */
interface OpenElement {
  readonly ns: string
  readonly name: string
  readonly lang: string | undefined
  readonly attributes: readonly string[]
  children: XmlNode[] | undefined
}

/** Text in, stream events out: builds the trees, and refuses what RFC 6120 §11 forbids though it is XML. */
export class TreeBuilder implements TokenSink {
  /** Events since they were last taken. */
  readonly events: StreamEvent[] = []
  /** Whether the stream has ended, either way. */
  done = false
  /** Nested open elements, the stream's root included. */
  depth = 0
  /** Where in the text, in UTF-16 units, the current or last stanza began. */
  stanzaStart = 0
  /** Where the last stanza, or the start tag of the root, ended. */
  stanzaEnd = 0
  /** Where the last complete markup ended: a tag, a CDATA section, a declaration. */
  markupEnd = 0
  /** Where the last part of a tag ended: its name, an attribute, or the tag itself. */
  partEnd = 0

  readonly #limits: ParserLimits
  readonly #framed: boolean
  readonly #tokenizer: Tokenizer
  readonly #open: OpenElement[] = []
  #attributes: RawAttribute[] = []
  #namespaces = 0
  #elements = 0

  constructor(limits: ParserLimits, framed: boolean, tokenizer: (sink: TokenSink) => Tokenizer) {
    this.#limits = limits
    this.#framed = framed
    this.#tokenizer = tokenizer(this)
  }

  /** Takes the next text. @throws StreamError at the first violation; the builder is not used again then. */
  write(text: string): void {
    this.#tokenizer.write(text)
  }

  tagName(name: string): void {
    if (this.done) throw endOfStream
    if (this.depth > this.#limits.depth)
      this.fail('policy-violation', `more than ${this.#limits.depth} nested elements`)
    if (this.depth === 1) {
      this.#elements = 0
      this.stanzaStart = this.#tokenizer.position - name.length - 2 // `<`, and what ended the name
    }
    if (++this.#elements > this.#limits.elements) {
      this.fail('policy-violation', `more than ${this.#limits.elements} elements in a stanza`)
    }
    this.#checkToken(name)
    this.partEnd = this.#tokenizer.position
  }

  attribute(attribute: RawAttribute): void {
    const limits = this.#limits
    if (this.#attributes.push(attribute) > limits.attributes) {
      this.fail('policy-violation', `more than ${limits.attributes} attributes`)
    }
    const { position } = this.#tokenizer
    if (position - this.partEnd > 2 * limits.tokenLength) this.tokenTooLong()
    this.partEnd = position
    const { prefix, local, value } = attribute
    this.#checkToken(local)
    this.#checkToken(value)
    if (prefix === '' ? local === 'xmlns' : prefix === 'xmlns') {
      if (++this.#namespaces > limits.namespaces) {
        this.fail('policy-violation', `more than ${limits.namespaces} namespace declarations`)
      }
      // saxes trims namespace names; two readers that disagree about a name are a security hole.
      if (value.trim() !== value) this.fail('invalid-namespace', 'white space around a namespace name')
    }
  }

  open(ns: string, prefix: string, local: string): void {
    const parent = this.#open[this.depth - 1]
    if (prefix !== '') this.#checkLocalName(local)
    let lang = parent?.lang
    let attributes: string[] | undefined
    for (const { prefix: p, local: l, value, uri } of this.#attributes) {
      if (p !== '') this.#checkLocalName(l)
      if (p === 'xmlns' || (p === '' && l === 'xmlns')) continue
      const key = p === '' ? l : p === 'xml' ? `xml:${l}` : `{${uri}}${l}`
      if (key === 'xml:lang') lang = value
      attributes ??= []
      attributes.push(key, value)
    }
    if (this.#attributes.length > 0) {
      this.#attributes = []
      this.#namespaces = 0
    }
    this.#open[this.depth++] = {
      ns: intern(ns),
      name: local,
      lang,
      attributes: attributes ?? empty,
      children: undefined,
    }
    this.markupEnd = this.#tokenizer.position
    if (this.depth === 1) this.stanzaEnd = this.markupEnd
    if (this.depth === 1 && !this.#framed) {
      const header = new XmlElement(ns, local, attributes ?? empty, empty, lang)
      this.events.push({ type: 'start', header })
    }
  }

  close(): void {
    const { ns, name, lang, attributes, children } = this.#open[--this.depth] as OpenElement
    this.#open.length = this.depth
    this.markupEnd = this.#tokenizer.position
    if (this.depth === 0) {
      if (this.#framed) this.malformed('end of a root that the peer did not open')
      this.done = true
      this.events.push({ type: 'end' })
      return
    }
    const element = new XmlElement(ns, name, attributes, children ?? empty, lang)
    if (this.depth === 1) {
      if (this.markupEnd - this.stanzaStart > this.#limits.stanzaBytes) this.stanzaTooLong()
      this.stanzaEnd = this.markupEnd
      this.events.push({ type: 'element', element })
    } else {
      const parent = this.#open[this.depth - 1] as OpenElement
      if (parent.children === undefined) parent.children = [element]
      else parent.children.push(element)
    }
  }

  text(text: string): void {
    if (this.done) return
    if (this.depth > 1) {
      const parent = this.#open[this.depth - 1] as OpenElement
      if (parent.children === undefined) parent.children = [text]
      else addText(parent.children, text)
    } else if (!whiteSpace.test(text)) {
      if (this.depth === 0) this.malformed('text before the root')
      // White space between stanzas is the keepalive of RFC 6120 §4.6.1.
      this.fail('bad-format', 'text between stanzas')
    }
  }

  cdata(text: string): void {
    this.markupEnd = this.#tokenizer.position
    if (text !== '') this.text(text)
  }

  declaration(version: string | undefined, encoding: string | undefined): void {
    this.markupEnd = this.#tokenizer.position
    if (this.#framed) this.restricted()
    if (version !== '1.0') this.fail('unsupported-version', 'XML is not version 1.0')
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
      this.fail('unsupported-encoding', 'the encoding is not UTF-8')
    }
  }

  restricted(): never {
    this.fail('restricted-xml', 'comment, processing instruction or document type')
  }

  malformed(problem: string): void {
    // saxes ends the element first and compares the names afterwards: what it ended is void.
    if (problem.startsWith('unexpected close tag')) {
      if (this.depth < 2) this.events.pop()
      this.done = false
    }
    if (this.done) return // what follows the end of the stream is not read (RFC 6120 §4.4)
    if (/unbound namespace prefix/.test(problem)) this.fail('bad-namespace-prefix', 'prefix without a declaration')
    // "incorrect syntax" is what begins like a comment or a document type and is neither.
    if (/comment|doctype|processing instruction|XML declaration|incorrect syntax/.test(problem)) this.restricted()
    if (/undefined entity/.test(problem)) this.fail('restricted-xml', 'entity reference')
    this.fail('not-well-formed', 'not well-formed')
  }

  /** Ends the stream with an error; nothing after it is read. */
  fail(condition: StreamErrorCondition, text: string): never {
    throw new StreamError({ condition, text })
  }

  /** Ends the stream because of {@link ParserLimits.tokenLength}. */
  tokenTooLong(): never {
    this.fail('policy-violation', `a name or value longer than ${this.#limits.tokenLength}`)
  }

  /** Ends the stream because of {@link ParserLimits.stanzaBytes}. */
  stanzaTooLong(): never {
    this.fail('policy-violation', `a stanza of more than ${this.#limits.stanzaBytes} bytes`)
  }

  #checkToken(text: string): void {
    if (text.length > this.#limits.tokenLength) this.tokenTooLong()
  }

  /** XML Namespaces §3: both halves of a qualified name are NCNames; saxes looks at the first only. */
  #checkLocalName(local: string): void {
    if (notNameStart.test(local)) this.fail('not-well-formed', 'not a qualified name')
  }
}

/** Character data, CDATA and references arrive in pieces; in the tree, adjacent text is one text. */
function addText(children: XmlNode[], text: string): void {
  const last = children.length - 1
  if (typeof children[last] === 'string') children[last] += text
  else children.push(text)
}

// Namespace names come as slices of the network's chunks, a new one per stanza. One copy of each saves memory and makes
// comparing them a comparison of pointers. Bounded, because a peer chooses them.
const interned = new Map<string, string>()

function intern(ns: string): string {
  const known = interned.get(ns)
  if (known !== undefined) return known
  if (ns.length > 256) return ns
  if (interned.size >= 1024) interned.clear()
  const copy = flatten(ns)
  interned.set(copy, copy)
  return copy
}

/**
 * The same text with memory of its own. What a parser returns is a view on the chunk it came in, and whoever keeps one
 * id would keep the whole chunk alive. Use it for text that outlives its stanza.
 */
export function flatten(text: string): string {
  // Short strings are always copied by the engines; JSON has to build a new one for the rest.
  return text.length < 13 ? text : (JSON.parse(JSON.stringify(text)) as string)
}
