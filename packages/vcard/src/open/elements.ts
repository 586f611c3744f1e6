import { define, type ElementDef, Malformed, type XmlElement, xml } from '@couplet/stanza'

/** A kind of child of an {@link openElement}: how many there are, and what they say. */
export interface OpenPart<T> {
  /** Whether a child is of this kind. */
  matches(child: XmlElement): boolean
  /** The value of the children of this kind, `undefined` for none, and which of them it does not hold. */
  read(found: readonly XmlElement[]): { readonly value: T | undefined; readonly left: readonly XmlElement[] }
  /** The children for a value. */
  write(value: T): readonly XmlElement[]
}

/** A part for each property, in the order in which they are written. */
export type OpenParts = Readonly<Record<string, OpenPart<unknown>>>

/** The value of an {@link openElement}. What it does not know is in `others`. */
export type OpenValue<P extends OpenParts> = {
  readonly [K in keyof P]?: (P[K] extends OpenPart<infer T> ? T : never) | undefined
} & {
  /** The children that are no part, and those that no part can hold: they are written as they were read. */
  readonly others?: readonly XmlElement[] | undefined
}

/**
 * A child that occurs once. Of several the first counts that can be read.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function openChild<T>(def: ElementDef<T>): OpenPart<T> {
  return {
    matches: (child) => def.matches(child),
    read(found) {
      for (const child of found) {
        const value = def.parse(child)
        if (!(value instanceof Malformed)) return { value, left: found.filter((other) => other !== child) }
      }
      return { value: undefined, left: found }
    },
    write: (value) => [def.build(value)],
  }
}

/**
 * A child that can occur several times. Those that can be read count; none are no list.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function openChildren<T>(def: ElementDef<T>): OpenPart<readonly T[]> {
  return {
    matches: (child) => def.matches(child),
    read(found) {
      const values: T[] = []
      const left: XmlElement[] = []
      for (const child of found) {
        const value = def.parse(child)
        if (value instanceof Malformed) left.push(child)
        else values.push(value)
      }
      return { value: values.length === 0 ? undefined : values, left }
    },
    write: (values) => values.map((value) => def.build(value)),
  }
}

/**
 * An element whose children need not all be known: what other programs have put there is part of the value, so that
 * reading, changing and writing loses none of it. Whatever the children are, it is not malformed. Attributes are none of it.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function openElement<const P extends OpenParts>(ns: string, tag: string, parts: P): ElementDef<OpenValue<P>> {
  const entries = Object.entries<OpenPart<unknown>>(parts)
  return define<OpenValue<P>>(
    ns,
    [tag],
    (value) => xml(ns, tag, {}, ...childrenOf(entries, (value ?? {}) as Contents)),
    (element) => contentsOf(entries, [...element.elements()]) as OpenValue<P>,
  )
}

type Entries = readonly (readonly [string, OpenPart<unknown>])[]
type Contents = Readonly<Record<string, unknown>> & { readonly others?: readonly XmlElement[] | undefined }

function childrenOf(entries: Entries, value: Contents): readonly XmlElement[] {
  const known = entries.flatMap(([key, part]) => (value[key] === undefined ? [] : part.write(value[key])))
  return [...known, ...(value.others ?? [])]
}

function contentsOf(entries: Entries, children: readonly XmlElement[]): Contents {
  const contents: Record<string, unknown> = {}
  const held = new Set<XmlElement>()
  for (const [key, part] of entries) {
    const found = children.filter((child) => part.matches(child))
    const { value, left } = part.read(found)
    if (value === undefined) continue
    contents[key] = value
    const unheld = new Set(left)
    for (const child of found) if (!unheld.has(child)) held.add(child)
  }
  const others = children.filter((child) => !held.has(child))
  return others.length === 0 ? contents : { ...contents, others }
}

/**
 * An element that holds nothing but text, which is its value; with children it is malformed.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function openText(ns: string, tag: string): ElementDef<string> {
  return define<string>(
    ns,
    [tag],
    (value) => xml(ns, tag, {}, value),
    (element) => {
      for (const { name } of element.elements()) return new Malformed(`/${name}`, 'is not text')
      return element.text
    },
  )
}
