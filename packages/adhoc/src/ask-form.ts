import type { DataForm, FormField, FormFieldType, FormOption } from '@couplet/forms'
import { bool, int } from '@couplet/stanza'

/** A question of a form. */
export interface FormQuestion {
  /** What is asked, for people. */
  readonly label?: string
  /** More about it, for people. */
  readonly desc?: string
  /** What kind of answer; default `list-single` if there are options, otherwise `text-single`. */
  readonly type?: FormFieldType
  /** Whether there must be an answer. */
  readonly required?: boolean
  /** The answer that is suggested. */
  readonly value?: string | number | boolean | readonly string[]
  /** The choices of a list: values, or labels by value. */
  readonly options?: readonly string[] | Readonly<Record<string, string>>
}

/** What {@link askForm} makes a form of. */
export interface FormQuestions {
  /** The title, for people. */
  readonly title?: string
  /** What to do, for people. */
  readonly instructions?: string
  /** What the fields mean (XEP-0068), for those who read the answer with `submitForm` of this type. */
  readonly formType?: string
  /** The questions by the names of their fields, in this order. */
  readonly fields: Readonly<Record<string, FormQuestion>>
}

/**
 * A form to be filled in, for a stage of a command (XEP-0004 §3).
 *
 * ```ts
 * import { askForm } from '@couplet/adhoc'
 *
 * askForm({ title: 'Reminder', fields: { text: { label: 'What?', required: true }, minutes: { label: 'When?', value: 10 } } })
 * ```
 */
export function askForm({ title, instructions, formType, fields }: FormQuestions): DataForm {
  const type: FormField[] =
    formType === undefined ? [] : [{ type: 'hidden', var: 'FORM_TYPE', values: [formType], options: [] }]
  const questions = Object.entries(fields).map(([name, question]) => fieldOf(name, question))
  const texts = instructions === undefined ? [] : [instructions]
  return { type: 'form', instructions: texts, title, fields: [...type, ...questions], items: [] }
}

function fieldOf(name: string, { label, desc, required, value, type, options }: FormQuestion): FormField {
  return {
    label,
    type: type ?? (options === undefined ? 'text-single' : 'list-single'),
    var: name,
    desc,
    required,
    values: value === undefined ? [] : textsOf(value),
    options: options === undefined ? [] : optionsOf(options),
  }
}

function textsOf(value: NonNullable<FormQuestion['value']>): readonly string[] {
  if (typeof value === 'boolean') return [bool.encode(value)]
  if (typeof value === 'number') return [int.encode(value)]
  return typeof value === 'string' ? [value] : value
}

function optionsOf(options: NonNullable<FormQuestion['options']>): readonly FormOption[] {
  if (isList(options)) return options.map((value) => ({ value }))
  return Object.entries(options).map(([value, label]) => ({ value, label }))
}

const isList = (options: NonNullable<FormQuestion['options']>): options is readonly string[] => Array.isArray(options)
