import { NS_STREAM, NS_XML } from '../elements.js'
import type { StreamError } from '../stream-error.js'
import { XmlElement, type XmlNode } from './element.js'
import { intern } from './flatten.js'
import type { ParserLimits } from './limits.js'
import type { QName } from './names.js'
import { exceeded, malformed, refuse } from './refuse.js'
import { Tokenizer, type TokenSink } from './tokenizer.js'

/** What happens on a stream, in order. After `end` and `error` nothing follows. */
export type StreamEvent =
  | { readonly type: 'start'; readonly header: XmlElement }
  | { readonly type: 'element'; readonly element: XmlElement }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly error: StreamError }

/** XML Namespaces §3: what the prefix `xmlns` stands for; no declaration may name it. */
const NS_XMLNS = 'http://www.w3.org/2000/xmlns/'
const notSpace = /[^ \t\n]/
const none: readonly never[] = []

/** What a namespace declaration replaced, to be put back where its element ends. */
interface Scope {
  readonly depth: number
  readonly prefix: string
  readonly before: string | undefined
}

/** Tokens in, stream events out: resolves namespaces, builds the trees and enforces the limits. */
export class TreeBuilder implements TokenSink {
  /** Events since they were last taken. */
  readonly events: StreamEvent[] = []
  /** Whether the stream has ended, either way. */
  done = false

  readonly #limits: ParserLimits
  readonly #tokenizer: Tokenizer
  /** The open elements; the last is the one being read. */
  readonly #open: XmlElement[] = []
  /** For each of them, where its children begin in `#nodes`. */
  readonly #starts: number[] = []
  /** Their children so far, one after the other. */
  #nodes: XmlNode[] = []
  #nodeCount = 0
  /** Attributes of the tag, keys and values in turn. */
  readonly #list: string[] = []
  #lang: string | undefined
  readonly #namespaces = new Map([
    ['', ''],
    ['xml', NS_XML],
  ])
  readonly #scopes: Scope[] = []
  #elements = 0
  /** Whether something other than white space stands between stanzas. */
  #stray = false
  /** Whether anything counts for the size: the header, or a stanza, or what might become one. */
  #counting = true
  /** The size of it in earlier texts. */
  #size = 0
  /** Where it began in this text. */
  #from = 0
  /** Bytes per UTF-16 unit of this text: exact for ASCII, and for anything else off by less than a text. */
  #ratio = 1

  constructor(limits: ParserLimits, framed: boolean) {
    this.#limits = limits
    this.#tokenizer = new Tokenizer(this, limits, framed)
    if (!framed) return
    this.#push(new XmlElement('', '', none, none, undefined))
    // RFC 7395 §3.3.3 wants it declared in each frame; Prosody does not, where it ends a stream with an error.
    this.#namespaces.set('stream', NS_STREAM)
  }

  /** Takes the next text, `size` bytes. @throws StreamError at the first violation; it is not used again then. */
  write(text: string, size: number): void {
    this.#ratio = size / text.length
    this.#from = 0
    this.#tokenizer.write(text)
    this.#list.fill('') // as the tokenizer does
    if (this.#counting) this.#count(text.length)
  }

  /** Whether everything up to here is whole stanzas. */
  get betweenStanzas(): boolean {
    return this.#open.length === 1 && !this.#stray && this.#tokenizer.betweenTokens
  }

  markup(at: number): void {
    if (this.#open.length !== 1) return
    if (this.#stray) refuse('bad-format', 'text between stanzas')
    this.#counting = true
    this.#size = 0
    this.#from = at
  }

  open(name: QName, names: readonly QName[], values: readonly string[], count: number): void {
    const depth = this.#open.length
    if (depth > this.#limits.depth) exceeded('depth')
    if (depth === 1) this.#elements = 0
    if (++this.#elements > this.#limits.elements) exceeded('elements')
    if (name.prefix === 'xmlns') malformed()
    this.#declare(names, values, count)
    const attributes = count > 0 ? this.#attributes(names, values, count) : none
    const lang = this.#lang ?? this.#open[depth - 1]?.lang
    this.#lang = undefined
    const element = new XmlElement(this.#resolve(name.prefix), name.local, attributes, none, lang)
    if (depth > 1) this.#nodes[this.#nodeCount++] = element
    else if (depth === 0) {
      this.#counting = false
      this.events.push({ type: 'start', header: element })
    }
    this.#push(element)
  }

  close(at: number): void {
    const element = this.#open.pop() as XmlElement
    const depth = this.#open.length
    const start = this.#starts.pop() as number
    if (start < this.#nodeCount) {
      // The tree becomes immutable when it is handed over, as a whole.
      ;(element as { children: readonly XmlNode[] }).children = this.#nodes.slice(start, this.#nodeCount)
      this.#nodeCount = start
    }
    for (let i = this.#scopes.length - 1; i >= 0 && this.#scopes[i]?.depth === depth; i--) {
      const { prefix, before } = this.#scopes.pop() as Scope
      if (before === undefined) this.#namespaces.delete(prefix)
      else this.#namespaces.set(prefix, before)
    }
    if (depth > 1) return
    if (depth === 0) {
      this.done = true
      this.events.push({ type: 'end' })
      return
    }
    this.#count(at)
    this.#counting = false
    this.#nodes = []
    this.events.push({ type: 'element', element })
  }

  text(text: string, hadReferences: boolean): void {
    if (this.#open.length > 1) {
      const last = this.#nodeCount - 1
      const before = this.#nodes[last]
      // Character data, CDATA and references come in parts; in the tree, adjacent text is one text.
      if (last >= (this.#starts[this.#starts.length - 1] as number) && typeof before === 'string') {
        this.#nodes[last] = before + text
      } else this.#nodes[this.#nodeCount++] = text
      return
    }
    // White space between stanzas is the keepalive of RFC 6120 §4.6.1: it is forgotten at once.
    const stray = notSpace.test(text)
    if (!stray && !hadReferences) return
    if (this.#open.length === 0) malformed()
    this.#stray ||= stray
    this.#counting = true
  }

  #push(element: XmlElement): void {
    this.#open.push(element)
    this.#starts.push(this.#nodeCount)
  }

  /** Adds what was read up to `at`. */
  #count(at: number): void {
    this.#size += (at - this.#from) * this.#ratio
    if (this.#size > this.#limits.stanzaBytes) exceeded('stanzaBytes')
  }

  #declare(names: readonly QName[], values: readonly string[], count: number): void {
    const outer = this.#scopes.length
    for (let i = 0; i < count; i++) {
      const prefix = (names[i] as QName).declares
      if (prefix === undefined) continue
      const ns = this.#namespace(prefix, values[i] as string)
      for (let j = outer; j < this.#scopes.length; j++) if (this.#scopes[j]?.prefix === prefix) malformed()
      this.#scopes.push({ depth: this.#open.length, prefix, before: this.#namespaces.get(prefix) })
      if (this.#scopes.length - outer > this.#limits.namespaces) exceeded('namespaces')
      this.#namespaces.set(prefix, ns)
    }
  }

  /** Checks a declaration (XML Namespaces §3 and §5). */
  #namespace(prefix: string, ns: string): string {
    // XML readers disagree about white space here; about what a name means they must not.
    if (ns.trim() !== ns) refuse('invalid-namespace')
    const reserved = prefix === 'xml' ? ns !== NS_XML : prefix === 'xmlns' || ns === NS_XML || ns === NS_XMLNS
    if (reserved || (ns === '' && prefix !== '')) malformed()
    return intern(ns)
  }

  #resolve(prefix: string): string {
    return this.#namespaces.get(prefix) ?? refuse('bad-namespace-prefix')
  }

  /** Keys and values in turn, each key once (XML 1.0 §3.1, XML Namespaces §6.3), without declarations. */
  #attributes(names: readonly QName[], values: readonly string[], count: number): readonly string[] {
    const list = this.#list
    let length = 0
    for (let i = 0; i < count; i++) {
      const { raw, prefix, local, declares } = names[i] as QName
      if (declares !== undefined) continue
      if (raw === 'xml:lang') this.#lang = values[i]
      list[length++] = prefix === '' || prefix === 'xml' ? raw : `{${this.#resolve(prefix)}}${local}`
      list[length++] = values[i] as string
    }
    if (length === 0) return none
    // A copy has the size that it needs; arrays that are pushed to have room for more, in each element of each tree.
    const attributes = list.slice(0, length)
    if (hasTwice(attributes)) malformed()
    return attributes
  }
}

/** Whether one of the keys, which are every other string, is there twice. */
function hasTwice(list: readonly string[]): boolean {
  if (list.length > 16) return new Set(list.filter((_, i) => i % 2 === 0)).size < list.length / 2
  for (let i = 2; i < list.length; i += 2) {
    for (let j = 0; j < i; j += 2) if (list[i] === list[j]) return true
  }
  return false
}
