/**
 * XEP-0004: Data Forms (2.13.2), XEP-0068: Field Standardization for Data Forms (1.3.0).
 *
 * @module
 */

export {
  DataForm,
  FormElement,
  FormField,
  type FormFieldType,
  FormItem,
  FormOption,
  FormReported,
  type FormType,
  NS_DATA_FORMS,
} from './elements.js'
export { type FormValue, fillForm } from './fill-form.js'
export { field, fieldList, formTypeOf } from './form-field.js'
export { findForm, resultForm, submitForm } from './submit-form.js'
