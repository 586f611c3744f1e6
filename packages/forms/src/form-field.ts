import { type Codec, type Field, Malformed, readElement, str, type XmlElement } from '@couplet/stanza'
import { FormField, NS_DATA_FORMS } from './elements.js'

/**
 * The one value of a form's field, for {@link submitForm}; without a codec its text. A field without a value, or with
 * an empty one where the codec wants more, is absent: XEP-0004 §3.6 leaves open which of them says "not set".
 */
export function field(name: string): Field<string>
export function field<T>(name: string, codec: Codec<T>): Field<T>
/* @__NO_SIDE_EFFECTS__ */ export function field(name: string, codec: Codec<unknown> = str): Field<unknown> {
  const path = `/field[${name}]`
  return {
    path,
    parse(form) {
      const texts = valuesOf(form, name)
      if (texts === undefined || texts instanceof Malformed) return texts
      const [text, ...more] = texts
      if (more.length > 0) return new Malformed(path, 'has more than one value')
      const value = text === undefined ? undefined : codec.decode(text)
      return value === undefined && text ? new Malformed(path, `is not ${codec.expects}`) : value
    },
    build(value, parts) {
      parts.children.push(FormField({ var: name, values: [codec.encode(value)], options: [] }))
    },
  }
}

/**
 * All values of a form's field, for {@link submitForm}: lists, and the lines of a text.
 */
export function fieldList(name: string): Field<readonly string[]>
export function fieldList<T>(name: string, codec: Codec<T>): Field<readonly T[]>
/* @__NO_SIDE_EFFECTS__ */ export function fieldList(
  name: string,
  codec: Codec<unknown> = str,
): Field<readonly unknown[]> {
  const path = `/field[${name}]`
  return {
    path,
    parse(form) {
      const texts = valuesOf(form, name)
      if (texts === undefined || texts instanceof Malformed) return texts
      const values = texts.map((text) => codec.decode(text))
      return values.includes(undefined) ? new Malformed(path, `is not ${codec.expects}`) : values
    },
    build(values, parts) {
      const texts = values.map((value) => codec.encode(value))
      parts.children.push(FormField({ var: name, values: texts, options: [] }))
    },
  }
}

/** The values of the one field of this name as they are on the wire; `undefined` without the field. */
function valuesOf(form: XmlElement, name: string): readonly string[] | Malformed | undefined {
  const [node, ...more] = fieldsNamed(form, name)
  if (node === undefined) return undefined
  if (more.length > 0) return new Malformed(`/field[${name}]`, 'occurs more than once')
  const read = readElement(FormField, node)
  return read.ok ? read.value.values : new Malformed(`/field[${name}]`, read.error.problem)
}

function fieldsNamed(form: XmlElement, name: string): XmlElement[] {
  return [...form.elements()].filter(
    (node) => node.name === 'field' && node.ns === NS_DATA_FORMS && node.attr('var') === name,
  )
}

/**
 * The FORM_TYPE of a form (XEP-0068 §3): what its fields mean. Only a hidden field says it, except in a submitted form,
 * whose fields need no type.
 */
export function formTypeOf(form: XmlElement): string | undefined {
  const [node, ...more] = fieldsNamed(form, 'FORM_TYPE')
  if (node === undefined || more.length > 0) return undefined
  const hidden = node.attr('type') === 'hidden' || form.attr('type') === 'submit'
  const [value, ...others] = [...node.elements()].filter(({ name, ns }) => name === 'value' && ns === NS_DATA_FORMS)
  return hidden && others.length === 0 ? value?.text : undefined
}
