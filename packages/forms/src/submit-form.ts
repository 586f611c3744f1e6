import {
  define,
  type ElementDef,
  element,
  type Fields,
  type FieldValues,
  Malformed,
  readElement,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import { FormField, NS_DATA_FORMS } from './elements.js'
import { formTypeOf } from './form-field.js'

/**
 * A form of a known FORM_TYPE (XEP-0068) as a definition like any other, written as a submission:
 *
 * ```ts
 * import { field, submitForm } from '@couplet/forms'
 * import { dateTime, jid, optional } from '@couplet/stanza'
 *
 * const Filter = submitForm('urn:xmpp:mam:2', { with: optional(field('with', jid)), start: optional(field('start', dateTime)) })
 * Filter({ start: new Date() })
 * ```
 *
 * Reads any form of that FORM_TYPE but a cancelled one. Fields it does not know are ignored (XEP-0004 §3.1).
 *
 * @__NO_SIDE_EFFECTS__
 */
export function submitForm<const F extends Fields>(formType: string, fields: F): ElementDef<FieldValues<F>> {
  return typedForm('submit', formType, fields)
}

/**
 * The same, written as a form of type `result`: data for others to read, such as the extensions of XEP-0128.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function resultForm<const F extends Fields>(formType: string, fields: F): ElementDef<FieldValues<F>> {
  return typedForm('result', formType, fields)
}

function typedForm<const F extends Fields>(type: string, formType: string, fields: F): ElementDef<FieldValues<F>> {
  const content = element(NS_DATA_FORMS, 'x', fields)
  return define<FieldValues<F>>(
    NS_DATA_FORMS,
    ['x'],
    (value) => {
      const context = FormField({ var: 'FORM_TYPE', type: 'hidden', values: [formType], options: [] })
      return xml(NS_DATA_FORMS, 'x', { type }, context, ...content.build(value).children)
    },
    (form) => {
      const problem = checkForm(form, formType)
      return problem ?? content.parse(form)
    },
  )
}

function checkForm(form: XmlElement, formType: string): Malformed | undefined {
  const type = form.attr('type')
  if (type !== 'form' && type !== 'submit' && type !== 'result') {
    return new Malformed('@type', 'is not one of form, submit, result')
  }
  return formTypeOf(form) === formType ? undefined : new Malformed('/field[FORM_TYPE]', `is not ${formType}`)
}

/** The first of several forms that fits a definition; forms of other types and malformed ones are passed over. */
export function findForm<T>(forms: Iterable<XmlElement>, def: ElementDef<T>): T | undefined {
  for (const form of forms) {
    const read = def.matches(form) ? readElement(def, form) : undefined
    if (read?.ok) return read.value
  }
  return undefined
}
