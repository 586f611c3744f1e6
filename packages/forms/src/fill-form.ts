import { bool, int, type Jid } from '@couplet/stanza'
import type { DataForm, FormField } from './elements.js'

/** A value for a field of a form; a list for the fields that take more than one. */
export type FormValue = string | number | boolean | Jid | readonly (string | Jid)[]

/**
 * The answer to a form that was received: a form of type `submit` with these values by field name. Every other field
 * keeps the value it came with, hidden ones and unknown ones included (XEP-0004 §3.3, §3.5). Send it only to whoever
 * sent the form.
 *
 * @throws RangeError for a name the form does not have, and for a required field that has no value
 */
export function fillForm(form: DataForm, values: Readonly<Record<string, FormValue>>): DataForm {
  for (const name of Object.keys(values)) {
    if (!form.fields.some((field) => field.var === name)) throw new RangeError(`the form has no field "${name}"`)
  }
  const fields = form.fields.flatMap((field) => answerField(field, values))
  return { type: 'submit', instructions: [], fields, items: [] }
}

function answerField(field: FormField, values: Readonly<Record<string, FormValue>>): FormField[] {
  const { var: name, type } = field
  // A fixed field is a heading, not a question.
  if (name === undefined || type === 'fixed') return []
  const value = Object.hasOwn(values, name) ? values[name] : undefined
  const texts = value === undefined ? field.values : encodeValue(value, type)
  if (field.required && texts.length === 0) throw new RangeError(`the form requires a value for "${name}"`)
  // A field that came without a value and gets none is left out, which asks for no change (XEP-0004 §3.5).
  if (value === undefined && texts.length === 0) return []
  return [{ type, var: name, values: texts, options: [] }]
}

function encodeValue(value: FormValue, type: FormField['type']): readonly string[] {
  if (typeof value === 'boolean') return [bool.encode(value)]
  if (typeof value === 'number') return [int.encode(value)]
  // One element for each line (XEP-0004 §3.3, third note).
  if (typeof value === 'string') return type === 'text-multi' ? value.split(/\r\n|\r|\n/) : [value]
  return isList(value) ? value.map(String) : [value.toString()]
}

const isList = (value: FormValue): value is readonly (string | Jid)[] => Array.isArray(value)
