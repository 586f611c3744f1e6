import {
  attr,
  type Codec,
  child,
  children,
  childText,
  childTexts,
  define,
  type ElementDef,
  element,
  flag,
  type Infer,
  oneOf,
  optional,
  type XmlElement,
} from '@couplet/stanza'

/** The namespace of data forms (XEP-0004). */
export const NS_DATA_FORMS = 'jabber:x:data'

/** What a form is for (XEP-0004 §3.1). */
export type FormType = 'form' | 'submit' | 'cancel' | 'result'

/** What kind of data a field holds (XEP-0004 §3.3). */
export type FormFieldType =
  | 'boolean'
  | 'fixed'
  | 'hidden'
  | 'jid-multi'
  | 'jid-single'
  | 'list-multi'
  | 'list-single'
  | 'text-multi'
  | 'text-private'
  | 'text-single'

const knownFieldType: Codec<FormFieldType> = oneOf(
  'boolean',
  'fixed',
  'hidden',
  'jid-multi',
  'jid-single',
  'list-multi',
  'list-single',
  'text-multi',
  'text-private',
  'text-single',
)

/** XEP-0004 §3.3: a type that is not understood counts as `text-single`. */
const fieldType: Codec<FormFieldType> = {
  ...knownFieldType,
  decode: (text) => knownFieldType.decode(text) ?? 'text-single',
}

/** One of the choices of a list field (XEP-0004 §3.2). */
export const FormOption = element(NS_DATA_FORMS, 'option', {
  label: optional(attr('label')),
  value: childText('value'),
})
/** The value of the definition of the same name. */
export type FormOption = Infer<typeof FormOption>

/** A field: its description in a form to be filled in, its values in any form (XEP-0004 §3.2). */
export const FormField = element(NS_DATA_FORMS, 'field', {
  label: optional(attr('label')),
  type: optional(attr('type', fieldType)),
  var: optional(attr('var')),
  desc: optional(childText('desc')),
  required: flag('required'),
  values: childTexts('value'),
  options: children(FormOption),
})
/** The value of the definition of the same name. */
export type FormField = Infer<typeof FormField>

/** The header of a table of results (XEP-0004 §3.4). */
export const FormReported = element(NS_DATA_FORMS, 'reported', { fields: children(FormField) })
/** The value of the definition of the same name. */
export type FormReported = Infer<typeof FormReported>

/** A row of a table of results (XEP-0004 §3.4). */
export const FormItem = element(NS_DATA_FORMS, 'item', { fields: children(FormField) })
/** The value of the definition of the same name. */
export type FormItem = Infer<typeof FormItem>

/** A form with everything it can hold, for forms that are only known at run time (XEP-0004 §3). */
export const DataForm = element(NS_DATA_FORMS, 'x', {
  type: attr('type', oneOf<FormType>('form', 'submit', 'cancel', 'result')),
  instructions: childTexts('instructions'),
  title: optional(childText('title')),
  fields: children(FormField),
  reported: optional(child(FormReported)),
  items: children(FormItem),
})
/** The value of the definition of the same name. */
export type DataForm = Infer<typeof DataForm>

/** A form that is not read yet, for elements that carry several: see `findForm`. */
export const FormElement: ElementDef<XmlElement> = define(
  NS_DATA_FORMS,
  ['x'],
  (form: XmlElement) => form,
  (form) => form,
)
