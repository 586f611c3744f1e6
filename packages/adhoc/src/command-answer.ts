import { DataForm, type FormValue, fillForm } from '@couplet/forms'
import type { XmlElement } from '@couplet/stanza'
import type { CommandStage } from './command-stage.js'

/**
 * What is answered to a form: values by the names of its fields, or a whole form: built by a definition, such as one of
 * `submitForm`.
 */
export type CommandAnswer = Readonly<Record<string, FormValue>> | XmlElement

/**
 * @internal The payload that answers a stage. Fields that are not named keep the values they came with.
 *
 * @throws RangeError for values of fields that the form does not have, and for required ones that are missing
 */
export function payloadOf({ form }: CommandStage, answer: CommandAnswer | undefined): readonly XmlElement[] {
  if (answer !== undefined && isElement(answer)) return [answer]
  if (form?.type !== 'form') {
    if (answer === undefined || Object.keys(answer).length === 0) return []
    throw new RangeError('the command has not asked for anything')
  }
  return [DataForm(fillForm(form, answer ?? {}))]
}

/** No value of a field is a function, so this is no answer by names. Not `instanceof`: there may be copies of the package. */
function isElement(answer: CommandAnswer): answer is XmlElement {
  return typeof (answer as Partial<XmlElement>).elements === 'function'
}
