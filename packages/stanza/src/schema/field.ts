import { XmlElement, type XmlNode } from '../xml/element.js'
import { type Codec, str } from './codec.js'
import type { ElementDef } from './element-def.js'
import { Malformed } from './malformed.js'

/** What a field adds to: the element being built. */
export interface ElementParts {
  /** The namespace of the element. */
  readonly ns: string
  /** Keys and values in turn. */
  readonly attributes: string[]
  /** Children in document order. */
  readonly children: XmlNode[]
}

/** A part of an element ↔ a property of its value. */
export interface Field<T> {
  /** Where the part is, below the element: `@id`, `/max`. */
  readonly path: string
  /** Whether the property may be absent; otherwise the element is malformed without it. */
  readonly optional?: boolean
  /** Reads the part; `undefined` if it is absent. */
  parse(element: XmlElement): T | Malformed | undefined
  /** Writes the part. */
  build(value: T, parts: ElementParts): void
}

/** A field whose property may be absent. */
export interface OptionalField<T> extends Field<T | undefined> {
  readonly optional: true
}

/** The one child element that passes the test; twice is malformed. */
function onlyChild(element: XmlElement, test: (node: XmlElement) => boolean): XmlElement | Malformed | undefined {
  let found: XmlElement | undefined
  for (const node of element.children) {
    if (typeof node === 'string' || !test(node)) continue
    if (found !== undefined) return new Malformed(`/${node.name}`, 'occurs more than once')
    found = node
  }
  return found
}

function decode<T>(codec: Codec<T>, text: string, path: string): T | Malformed {
  const value = codec.decode(text)
  return value === undefined ? new Malformed(path, `is not ${codec.expects}`) : value
}

const textElement = (ns: string, name: string, text: string): XmlElement =>
  new XmlElement(ns, name, [], text === '' ? [] : [text], undefined)

/**
 * An attribute; without a codec its text.
 */
export function attr(name: string): Field<string>
export function attr<T>(name: string, codec: Codec<T>): Field<T>
// The implementation's types are wider than the overloads'; only the overloads can be called.
/* @__NO_SIDE_EFFECTS__ */ export function attr(name: string, codec: Codec<any> = str): Field<any> {
  const path = `@${name}`
  return {
    path,
    parse(element) {
      const value = element.attr(name)
      return value === undefined ? undefined : decode(codec, value, path)
    },
    build(value, parts) {
      parts.attributes.push(name, codec.encode(value))
    },
  }
}

/**
 * The element's own text. White space counts; if optional, no text is absent.
 */
export function text(): Field<string>
export function text<T>(codec: Codec<T>): Field<T>
/* @__NO_SIDE_EFFECTS__ */ export function text(codec: Codec<any> = str): Field<any> {
  return {
    path: '',
    parse(element) {
      const content = element.text
      return content === '' && this.optional ? undefined : decode(codec, content, '')
    },
    build(value, parts) {
      const content = codec.encode(value)
      if (content !== '') parts.children.push(content)
    },
  }
}

/**
 * The text of the one child element of this name, in the namespace of the element.
 */
export function childText(name: string): Field<string>
export function childText<T>(name: string, codec: Codec<T>): Field<T>
/* @__NO_SIDE_EFFECTS__ */ export function childText(name: string, codec: Codec<any> = str): Field<any> {
  const path = `/${name}`
  return {
    path,
    parse(element) {
      const node = onlyChild(element, (child) => child.name === name && child.ns === element.ns)
      return node === undefined || node instanceof Malformed ? node : decode(codec, node.text, path)
    },
    build(value, parts) {
      parts.children.push(textElement(parts.ns, name, codec.encode(value)))
    },
  }
}

/**
 * The texts of all child elements of this name, in document order; none is an empty list.
 */
export function childTexts(name: string): Field<readonly string[]>
export function childTexts<T>(name: string, codec: Codec<T>): Field<readonly T[]>
/* @__NO_SIDE_EFFECTS__ */ export function childTexts(name: string, codec: Codec<any> = str): Field<readonly any[]> {
  const path = `/${name}`
  return {
    path,
    parse(element) {
      const values: unknown[] = []
      for (const node of element.elements()) {
        if (node.name !== name || node.ns !== element.ns) continue
        const value = decode(codec, node.text, path)
        if (value instanceof Malformed) return value
        values.push(value)
      }
      return values
    },
    build(values, parts) {
      for (const value of values) parts.children.push(textElement(parts.ns, name, codec.encode(value)))
    },
  }
}

/** Text by language tag; the key `''` is text without a language. An object without a prototype. */
export type LangText = Readonly<Record<string, string>>

/**
 * The texts of the child elements of this name by language (RFC 6120 §4.7.4); of two with the same language the first
 * counts. Absent is an empty object.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function langText(name: string): Field<LangText> {
  return {
    path: `/${name}`,
    parse: (element) => readLangText(element, name),
    build(value, parts) {
      for (const lang of Object.keys(value)) {
        const content = value[lang] as string
        const attributes = lang === '' ? [] : ['xml:lang', lang]
        parts.children.push(
          new XmlElement(parts.ns, name, attributes, content === '' ? [] : [content], lang || undefined),
        )
      }
    },
  }
}

/** @internal The same for the bodies, subjects and statuses of stanzas. */
export function readLangText(element: XmlElement, name: string): LangText {
  const texts: Record<string, string> = Object.create(null)
  for (const node of element.children) {
    if (typeof node === 'string' || node.name !== name || node.ns !== element.ns) continue
    texts[node.lang ?? ''] ??= node.text
  }
  return texts
}

/**
 * Whether an empty child element of this name is there: `true`, or the property is absent.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function flag(name: string): OptionalField<boolean> {
  return {
    path: `/${name}`,
    optional: true,
    parse: (element) => (element.child(name) === undefined ? undefined : true),
    build(value, parts) {
      if (value) parts.children.push(textElement(parts.ns, name, ''))
    },
  }
}

/**
 * The one child element of this definition.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function child<T>(def: ElementDef<T>): Field<T> {
  return {
    get path() {
      return `/${def.tags.join('|')}` // on demand: a lazy definition is not there yet
    },
    parse(element) {
      const node = onlyChild(element, (child) => def.matches(child))
      if (node === undefined || node instanceof Malformed) return node
      const value = def.parse(node)
      return value instanceof Malformed ? value.within(node.name) : value
    },
    build(value, parts) {
      parts.children.push(def.build(value))
    },
  }
}

/**
 * All child elements of this definition, in document order; none is an empty list, one malformed is malformed.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function children<T>(def: ElementDef<T>): Field<readonly T[]> {
  return {
    path: '',
    parse(element) {
      const values: T[] = []
      for (const node of element.elements()) {
        if (!def.matches(node)) continue
        const value = def.parse(node)
        if (value instanceof Malformed) return value.within(node.name)
        values.push(value)
      }
      return values
    },
    build(values, parts) {
      for (const value of values) parts.children.push(def.build(value))
    },
  }
}

/**
 * The one child element in a foreign namespace, whatever it is: open content such as the payload of an item.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function anyElement(): Field<XmlElement> {
  return {
    path: '/*',
    parse: (element) => onlyChild(element, (child) => child.ns !== element.ns),
    build(value, parts) {
      parts.children.push(value)
    },
  }
}

/**
 * Makes a field's property optional: absent stays absent, but what is there must still be well-formed.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function optional<T>(field: Field<T>): OptionalField<T> {
  return {
    get path() {
      return field.path
    },
    optional: true,
    parse: field.parse, // reads its own `optional` through `this`
    build(value, parts) {
      if (value !== undefined) field.build(value, parts)
    },
  }
}
