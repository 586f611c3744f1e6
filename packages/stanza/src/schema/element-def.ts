import { XmlElement, type XmlNode } from '../xml/element.js'
import type { ElementParts, Field, OptionalField } from './field.js'
import { Malformed, type MalformedElementError } from './malformed.js'

/** The outcome of reading an element that is there. */
export type ReadResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: MalformedElementError }

/** What a definition is called with: nothing if the value is `true` or can be empty. */
type BuildArguments<T> = [T] extends [true] ? [] : {} extends T ? [value?: T] : [value: T]

/**
 * One schema value per element: it builds (`Received({ id })`), it reads (`message.get(Received)`), and it is the type
 * (`Infer<typeof Received>`).
 */
export interface ElementDef<T> {
  /** Builds the element. */
  (...value: BuildArguments<T>): XmlElement
  /** The namespace of the element. */
  readonly ns: string
  /** The names it can have: one, except for {@link tagged} and {@link oneOfElements}. */
  readonly tags: readonly string[]
  /** Whether the element has the name and namespace of this definition. */
  matches(element: XmlElement): boolean
  /** Reads an element that matches. Never throws; use `element.get` and `element.read`. */
  parse(element: XmlElement): T | Malformed
  /** Builds the element; the same as the call, for generic code. */
  build(value: T): XmlElement
}

/** The static type of a definition's value. */
export type Infer<D> = D extends ElementDef<infer T> ? T : never

/** A field for each property, in the order in which they are written. */
export type Fields = Readonly<Record<string, Field<any>>>

type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends OptionalField<unknown> ? K : never }[keyof F]
type ValueOf<X> = X extends Field<infer T> ? T : never
type Flat<T> = { [K in keyof T]: T[K] } & {}

/** The value type of a field map: required and optional properties, all readonly. */
export type FieldValues<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]> } & {
    readonly [K in OptionalKeys<F>]?: ValueOf<F[K]>
  }
>

interface Parts<T> {
  readonly ns: string
  readonly tags: readonly string[]
  build(value: T): XmlElement
  parse(element: XmlElement): T | Malformed
}

/**
 * The way out: a definition by hand, for what the vocabulary cannot say. `parse` gets elements that match, must not
 * throw, and returns a {@link Malformed} for what it does not accept.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function define<T>(
  ns: string,
  tags: readonly string[],
  build: (value: T) => XmlElement,
  parse: (element: XmlElement) => T | Malformed,
): ElementDef<T> {
  return definition({ ns, tags, build, parse })
}

function definition<T>(parts: Parts<T>): ElementDef<T> {
  const { ns, tags, build, parse } = parts
  const [only] = tags
  const matches =
    tags.length === 1
      ? (element: XmlElement) => element.name === only && element.ns === ns
      : (element: XmlElement) => element.ns === ns && tags.includes(element.name)
  return Object.assign((...value: unknown[]) => build(value[0] as T), { ns, tags, matches, parse, build })
}

/**
 * An element with parts: `element(NS, 'received', { id: attr('id') })`. Parts are written in the order in which they
 * are declared. Unknown attributes and children are not part of the value and stay in the tree.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function element<const F extends Fields>(ns: string, tag: string, fields: F): ElementDef<FieldValues<F>> {
  const entries = Object.entries(fields)
  return definition<FieldValues<F>>({
    ns,
    tags: [tag],
    build: (value) => buildFields(ns, tag, entries, (value ?? {}) as Readonly<Record<string, unknown>>),
    parse: (node) => parseFields(node, entries) as FieldValues<F> | Malformed,
  })
}

type Entries = readonly (readonly [string, Field<unknown>])[]

function buildFields(ns: string, tag: string, entries: Entries, value: Readonly<Record<string, unknown>>): XmlElement {
  const attributes: string[] = []
  const children: XmlNode[] = []
  const parts: ElementParts = { ns, attributes, children }
  for (const [key, field] of entries) {
    const part = value[key]
    if (part !== undefined) field.build(part, parts)
    else if (!field.optional) throw new TypeError(`<${tag}/> needs "${key}"`)
  }
  const lang = attributes.findIndex((key, at) => at % 2 === 0 && key === 'xml:lang')
  return new XmlElement(ns, tag, attributes, children, lang < 0 ? undefined : attributes[lang + 1])
}

function parseFields(node: XmlElement, entries: Entries): Record<string, unknown> | Malformed {
  const value: Record<string, unknown> = {}
  for (const [key, field] of entries) {
    const part = field.parse(node)
    if (part instanceof Malformed) return part
    if (part !== undefined) value[key] = part
    else if (!field.optional) return new Malformed(field.path, 'is missing')
  }
  return value
}

/**
 * An element without data: being there is all it says. Its value is `true`.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function marker(ns: string, tag: string): ElementDef<true> {
  return definition<true>({
    ns,
    tags: [tag],
    build: () => new XmlElement(ns, tag, [], [], undefined),
    parse: () => true,
  })
}

/**
 * A family of empty elements in which the tag is the value: `tagged(NS, 'active', 'composing')`.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function tagged<const T extends string>(ns: string, ...tags: readonly T[]): ElementDef<T> {
  return definition<T>({
    ns,
    tags,
    build: (tag) => {
      if (!tags.includes(tag)) throw new TypeError(`not one of ${tags.join(', ')}: ${JSON.stringify(tag)}`)
      return new XmlElement(ns, tag, [], [], undefined)
    },
    parse: (node) => node.name as T,
  })
}

type Alternatives = Readonly<Record<string, ElementDef<any>>>

/** `{ kind, value }` for each alternative. */
export type AlternativeValue<A extends Alternatives> = {
  [K in keyof A]: { readonly kind: K; readonly value: Infer<A[K]> }
}[keyof A]

/**
 * One of several elements of a namespace, told apart by name: `oneOfElements({ get: GetItems, put: PutItems })` reads
 * as `{ kind: 'get', value }`.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function oneOfElements<const A extends Alternatives>(alternatives: A): ElementDef<AlternativeValue<A>> {
  const entries = Object.entries(alternatives)
  const def: Omit<ElementDef<AlternativeValue<A>>, never> = definition<AlternativeValue<A>>({
    ns: entries[0]?.[1].ns ?? '',
    tags: entries.flatMap(([, alternative]) => alternative.tags),
    build: (value) => (alternatives[value.kind] as ElementDef<unknown>).build(value.value),
    parse: (node) => {
      for (const [kind, alternative] of entries) {
        if (!alternative.matches(node)) continue
        const value = alternative.parse(node)
        return value instanceof Malformed ? value : ({ kind, value } as AlternativeValue<A>)
      }
      return new Malformed('', 'is none of the alternatives')
    },
  })
  return Object.assign(def as ElementDef<AlternativeValue<A>>, {
    matches: (node: XmlElement) => entries.some(([, alternative]) => alternative.matches(node)),
  })
}

/**
 * A definition that is looked up when it is first used, for elements that contain themselves. The type must be written
 * out, because TypeScript cannot infer a circular one.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function lazy<T>(get: () => ElementDef<T>): ElementDef<T> {
  const build = (value: T): XmlElement => get().build(value)
  const def = Object.assign((...value: unknown[]) => build(value[0] as T), {
    build,
    matches: (node: XmlElement) => get().matches(node),
    parse: (node: XmlElement) => get().parse(node),
  })
  Object.defineProperties(def, { ns: { get: () => get().ns }, tags: { get: () => get().tags } })
  return def as unknown as ElementDef<T>
}
