import type { ElementDef, ReadResult } from '../schema/element-def.js'
import { Malformed, MalformedElementError } from '../schema/malformed.js'
import { ncName } from './names.js'
import { serialize } from './serialize.js'

/** What an element contains: elements and text, in document order. */
export type XmlNode = XmlElement | string

/**
 * Attribute keys: `id` for a plain attribute, `xml:lang` for the reserved prefix, `{namespace}local` for any other.
 * A key whose value is `undefined` is left out.
 */
export type AttributeInput = Readonly<Record<string, string | undefined>>

/** XML Namespaces §3: the first has the prefix `xml` and no other; the second cannot be declared. */
const reserved = /^\{http:\/\/www\.w3\.org\/(?:XML\/1998\/namespace|2000\/xmlns\/)\}/
const attributeKey = /^(?:xml:|\{[^{}]+\})?([^:{}]+)$/

/**
 * One XML element: immutable, namespace-resolved, without a link to its parent, so that trees can be shared and
 * forwarded. Typed access is by definition: `element.get(Received)`.
 */
export class XmlElement {
  /** The namespace URI; empty only for elements that no stream would carry. */
  readonly ns: string
  /** The local name, without a prefix. */
  readonly name: string
  /** The effective `xml:lang`, own or inherited when it was parsed (RFC 6120 §4.7.4). */
  readonly lang: string | undefined
  /** Child elements and text in document order. */
  readonly children: readonly XmlNode[]
  // Keys and values in turn: for the two or three attributes of a stanza this beats a Map in time and memory, and a
  // key such as `__proto__` is a string like any other.
  readonly #attributes: readonly string[]

  /** @internal Trusted input only: from the parser, or checked by {@link xml}. */
  constructor(
    ns: string,
    name: string,
    attributes: readonly string[],
    children: readonly XmlNode[],
    lang: string | undefined,
  ) {
    this.ns = ns
    this.name = name
    this.lang = lang
    this.children = children
    this.#attributes = attributes
  }

  /** The value of an attribute, `undefined` when absent. For the form of keys see {@link AttributeInput}. */
  attr(key: string): string | undefined {
    const list = this.#attributes
    for (let i = 0; i < list.length; i += 2) if (list[i] === key) return list[i + 1]
    return undefined
  }

  /** All attributes as `[key, value]`, in document order, without namespace declarations. */
  *attributes(): Generator<readonly [key: string, value: string]> {
    const list = this.#attributes
    for (let i = 0; i < list.length; i += 2) yield [list[i] as string, list[i + 1] as string]
  }

  /** @internal Keys and values in turn, for the serializer. */
  get attributeList(): readonly string[] {
    return this.#attributes
  }

  /** The direct text of the element: text inside child elements is not part of it. */
  get text(): string {
    const { children } = this
    if (children.length === 0) return ''
    if (children.length === 1) return typeof children[0] === 'string' ? children[0] : ''
    let text = ''
    for (const node of children) if (typeof node === 'string') text += node
    return text
  }

  /** The child elements, without text. */
  *elements(): Generator<XmlElement> {
    for (const node of this.children) if (typeof node !== 'string') yield node
  }

  /** The first child element of this name; `ns` defaults to the namespace of this element. */
  child(name: string, ns: string = this.ns): XmlElement | undefined {
    for (const node of this.children) {
      if (typeof node !== 'string' && node.name === name && node.ns === ns) return node
    }
    return undefined
  }

  /** The typed value of the first child that matches the definition; `undefined` if absent or malformed. */
  get<T>(def: ElementDef<T>): T | undefined {
    for (const node of this.children) {
      if (typeof node === 'string' || !def.matches(node)) continue
      const value = def.parse(node)
      return value instanceof Malformed ? undefined : value
    }
    return undefined
  }

  /**
   * The same as {@link get} with the three outcomes kept apart: `undefined` if absent, a value, or the error.
   * Code that decides about security uses this one.
   */
  read<T>(def: ElementDef<T>): ReadResult<T> | undefined {
    for (const node of this.children) {
      if (typeof node === 'string' || !def.matches(node)) continue
      return readElement(def, node)
    }
    return undefined
  }

  /** The typed values of all children that match the definition; malformed ones are skipped. */
  all<T>(def: ElementDef<T>): T[] {
    const values: T[] = []
    for (const node of this.children) {
      if (typeof node === 'string' || !def.matches(node)) continue
      const value = def.parse(node)
      if (!(value instanceof Malformed)) values.push(value)
    }
    return values
  }

  /** A copy with attributes set (or removed, by `undefined`) and children appended. @throws TypeError as {@link xml} */
  with(attributes: AttributeInput, ...children: readonly XmlNode[]): XmlElement {
    const list = attributeList(attributes)
    const mine = this.#attributes
    const kept: string[] = []
    for (let i = 0; i < mine.length; i += 2) {
      const key = mine[i] as string
      if (!Object.hasOwn(attributes, key)) kept.push(key, mine[i + 1] as string)
    }
    const lang = Object.hasOwn(attributes, 'xml:lang') ? attributes['xml:lang'] : this.lang
    const nodes = children.length === 0 ? this.children : mergeText([...this.children, ...children])
    return new XmlElement(this.ns, this.name, [...kept, ...list], nodes, lang)
  }

  /** Whether both trees have the same names, attributes (in any order), text and children (in order). */
  equals(other: XmlElement): boolean {
    if (this.ns !== other.ns || this.name !== other.name) return false
    if (this.#attributes.length !== other.attributeList.length) return false
    for (const [key, value] of this.attributes()) if (other.attr(key) !== value) return false
    const left = mergeText(this.children)
    const right = mergeText(other.children)
    return (
      left.length === right.length &&
      left.every((node, i) => {
        const twin = right[i] as XmlNode
        return typeof node === 'string' || typeof twin === 'string' ? node === twin : node.equals(twin)
      })
    )
  }

  /** The element as XML, self-contained: its namespace is declared. */
  toString(): string {
    return serialize(this)
  }

  /** What `console.log` shows in Node: the names, never the text. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `XmlElement <${this.name} xmlns='${this.ns}'> (${this.children.length} children)`
  }
}

/** Reads one element with a definition that matches it. */
export function readElement<T>(def: ElementDef<T>, element: XmlElement): ReadResult<T> {
  const value = def.parse(element)
  if (value instanceof Malformed) {
    return { ok: false, error: new MalformedElementError(`${element.name}${value.path}`, value.problem) }
  }
  return { ok: true, value }
}

/**
 * Builds an element by hand, for what no definition describes.
 *
 * @throws TypeError for a name or attribute key that XML does not allow.
 */
export function xml(
  ns: string,
  name: string,
  attributes: AttributeInput = {},
  ...children: readonly XmlNode[]
): XmlElement {
  if (!ncName.test(name)) throw new TypeError(`not an XML name: ${JSON.stringify(name)}`)
  return new XmlElement(ns, name, attributeList(attributes), mergeText(children), attributes['xml:lang'])
}

function attributeList(attributes: AttributeInput): string[] {
  const list: string[] = []
  for (const key of Object.keys(attributes)) {
    const value = attributes[key]
    if (value === undefined) continue
    const local = attributeKey.exec(key)?.[1]
    if (local === undefined || !ncName.test(local) || key === 'xmlns' || reserved.test(key)) {
      throw new TypeError(`not an attribute key: ${JSON.stringify(key)}`)
    }
    list.push(key, value)
  }
  return list
}

/** Adjacent text is one text, and empty text is none, as it would be after a round trip. */
function mergeText(nodes: readonly XmlNode[]): readonly XmlNode[] {
  if (nodes.length < 2 && nodes[0] !== '') return nodes
  const merged: XmlNode[] = []
  for (const node of nodes) {
    const last = merged.length - 1
    if (typeof node === 'string' && typeof merged[last] === 'string') merged[last] += node
    else if (node !== '') merged.push(node)
  }
  return merged
}
