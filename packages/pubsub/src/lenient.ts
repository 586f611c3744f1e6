import { children, type ElementDef, type Field, Malformed, type OptionalField, optional } from '@couplet/stanza'

/**
 * All children of this definition that can be read: one broken entry of a list must not hide all the others.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function readable<T>(def: ElementDef<T>): Field<readonly T[]> {
  return { ...children(def), parse: (element) => element.all(def) }
}

/**
 * The field if it can be read; absent otherwise. For what services fill in as they like.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function ifReadable<T>(field: Field<T>): OptionalField<T> {
  return {
    ...optional(field),
    parse(element) {
      const value = field.parse(element)
      return value instanceof Malformed ? undefined : value
    },
  }
}
