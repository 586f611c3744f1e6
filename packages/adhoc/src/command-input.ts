import { DataForm, type FormField, NS_DATA_FORMS } from '@couplet/forms'
import { type Codec, type ElementDef, type Jid, readElement, str, type XmlElement } from '@couplet/stanza'
import { CommandError } from './command-error.js'

/** @internal What a {@link CommandInput} is made of. */
export interface CommandInputInit {
  readonly from: Jid
  readonly to: Jid
  readonly lang: string | undefined
  readonly payload: readonly XmlElement[]
  readonly signal: AbortSignal
}

/** What a requester has sent to a stage of a command. */
export class CommandInput {
  /** Who it is: the full JID that began this execution. */
  readonly from: Jid
  /** Who was asked: the own address; for a component one of its addresses. */
  readonly to: Jid
  /** The language the requester wants, if it says so. */
  readonly lang: string | undefined
  /** The form with the answers, if there is one. */
  readonly form: DataForm | undefined
  /** All that was sent, the most important first. */
  readonly payload: readonly XmlElement[]
  /** Aborted when this execution ends before it is finished: canceled, too old, or because the client closes. */
  readonly signal: AbortSignal

  /**
   * @internal
   * @throws CommandError `bad-payload` for a form that cannot be read
   */
  constructor({ from, to, lang, payload, signal }: CommandInputInit) {
    this.from = from
    this.to = to
    this.lang = lang
    this.payload = payload.map(asSubmission)
    this.signal = signal
    this.form = this.#first(DataForm)
  }

  /** The value of a field of the form; with a codec what it stands for. `undefined` if there is none, or an empty one. */
  value(name: string): string | undefined
  /** @throws CommandError `bad-payload` for a value that is not what the codec expects */
  value<T>(name: string, codec: Codec<T>): T | undefined
  value(name: string, codec: Codec<unknown> = str): unknown {
    const [text] = this.values(name)
    if (!text) return undefined
    const value = codec.decode(text)
    if (value === undefined) throw new CommandError('bad-payload', `${name} is not ${codec.expects}`)
    return value
  }

  /** All values of a field of the form: lists, and the lines of a text. */
  values(name: string): readonly string[] {
    return this.form?.fields.find((field) => field.var === name)?.values ?? []
  }

  /**
   * The answer as a definition reads it, such as one of `submitForm`.
   *
   * @throws CommandError `bad-payload` if it is missing or malformed
   */
  read<T>(def: ElementDef<T>): T {
    const value = this.#first(def)
    if (value === undefined) throw new CommandError('bad-payload')
    return value
  }

  #first<T>(def: ElementDef<T>): T | undefined {
    const found = this.payload.find((node) => def.matches(node))
    if (found === undefined) return undefined
    const read = readElement(def, found)
    if (!read.ok) throw new CommandError('bad-payload', undefined, read.error)
    return read.value
  }
}

/** XEP-0050 §3.5.1: a form of type `cancel` counts as one of type `submit`. */
function asSubmission(node: XmlElement): XmlElement {
  const isCancel = node.ns === NS_DATA_FORMS && node.name === 'x' && node.attr('type') === 'cancel'
  return isCancel ? node.with({ type: 'submit' }) : node
}

/**
 * @internal Checks that what was asked was answered: required fields, and choices that were offered.
 *
 * @throws CommandError `bad-payload` naming the field
 */
export function checkAnswer(asked: DataForm | undefined, { form }: CommandInput): void {
  if (asked?.type !== 'form') return
  if (form !== undefined && form.type !== 'submit') throw new CommandError('bad-payload', 'the form is not filled in')
  for (const field of asked.fields) {
    const answers = form?.fields.filter((each) => each.var === field.var) ?? []
    if (answers.length > 1) throw new CommandError('bad-payload', `${field.var} occurs more than once`)
    checkField(field, answers[0]?.values ?? [])
  }
}

function checkField(field: FormField, values: readonly string[]): void {
  const { type = 'text-single', var: name, required, options } = field
  if (type === 'fixed' || name === undefined) return
  if (type === 'hidden') checkHidden(name, field.values, values)
  if (required && !values.some((value) => value !== '')) throw new CommandError('bad-payload', `${name} is missing`)
  const isMulti = type === 'list-multi' || type === 'text-multi' || type === 'jid-multi'
  if (!isMulti && type !== 'hidden' && values.length > 1) {
    throw new CommandError('bad-payload', `${name} has more than one value`)
  }
  if (type !== 'list-single' && type !== 'list-multi') return
  // An empty value says that nothing was chosen.
  const isOffered = (value: string): boolean => value === '' || options.some((option) => option.value === value)
  if (!values.every(isOffered)) throw new CommandError('bad-payload', `${name} is not one of the choices`)
}

/** What nobody was shown nobody has changed, except to see what happens. Some leave it out. */
function checkHidden(name: string, offered: readonly string[], values: readonly string[]): void {
  const isSame = values.length === offered.length && values.every((value, i) => value === offered[i])
  if (values.length > 0 && !isSame) throw new CommandError('bad-payload', `${name} was changed`)
}
