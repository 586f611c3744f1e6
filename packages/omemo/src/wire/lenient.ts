import {
  attr,
  type Codec,
  children,
  type ElementDef,
  type Field,
  Malformed,
  type OptionalField,
  optional,
} from '@couplet/stanza'

/**
 * The children of this definition that can be read, the first `most` of them: one broken entry of a list must not hide all
 * the others, and a list without an end must not cost more than one with one.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function readable<T>(def: ElementDef<T>, most: number): Field<readonly T[]> {
  return {
    ...children(def),
    parse(element) {
      const values: T[] = []
      for (const node of element.elements()) {
        if (values.length >= most) break
        if (!def.matches(node)) continue
        const value = def.parse(node)
        if (!(value instanceof Malformed)) values.push(value)
      }
      return values
    },
  }
}

/**
 * An optional attribute that is absent if it cannot be read.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function readableAttr<T>(name: string, codec: Codec<T>): OptionalField<T> {
  const field = attr(name, codec)
  return {
    ...optional(field),
    parse(element) {
      const value = field.parse(element)
      return value instanceof Malformed ? undefined : value
    },
  }
}

/**
 * A mark that some write as `true`, some as `1`, and some wrongly: on the wire it is `true` or absent, and whoever reads it
 * looks at the bytes instead.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function hintAttr(name: string): OptionalField<boolean> {
  return {
    path: `@${name}`,
    optional: true,
    parse: (element) => (/^\s*(?:true|1)\s*$/.test(element.attr(name) ?? '') ? true : undefined),
    build(value, parts) {
      if (value) parts.attributes.push(name, 'true')
    },
  }
}
