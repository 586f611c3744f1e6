import { DataForm } from '@couplet/forms'
import { type ElementDef, readElement, type XmlElement } from '@couplet/stanza'
import type { CommandActions, CommandNote, CommandNoteType, CommandResult, CommandStatus } from './elements.js'

/** A way to go on with a command; `cancel` is always allowed and not among them. */
export type CommandAction = 'complete' | 'next' | 'prev'

/** Where a command is: what its responder has said last. */
export interface CommandStage {
  /** Whether it goes on. `completed` says nothing about success: see {@link notes}. */
  readonly status: CommandStatus
  /** Notes for people; one of type `error` says that the command has failed (XEP-0050 §3.6). */
  readonly notes: readonly (CommandNote & { readonly type: CommandNoteType })[]
  /** The form to be filled in, or the form with the result. */
  readonly form: DataForm | undefined
  /** The ways to go on: those that the responder allows; without its word `complete` (XEP-0050 §3.4). */
  readonly actions: readonly CommandAction[]
  /** What a user who just confirms wants; `undefined` if the responder names something that it does not allow. */
  readonly defaultAction: CommandAction | undefined
  /** The language of the texts, if the responder says so. */
  readonly lang: string | undefined
  /** All there is, the most important first. */
  readonly payload: readonly XmlElement[]
  /** The typed value of the first element of this definition; `undefined` if absent or malformed. */
  get<T>(def: ElementDef<T>): T | undefined
}

/** @internal What an answer says. */
export function stageOf(result: CommandResult): CommandStage {
  const status = statusOf(result)
  const { payload, lang } = result
  const get = <T>(def: ElementDef<T>): T | undefined => {
    const found = payload.find((node) => def.matches(node))
    const read = found && readElement(def, found)
    return read?.ok ? read.value : undefined
  }
  const notes = result.notes.map(({ type = 'info', text }) => ({ type, text }))
  const ways = status === 'executing' ? waysOn(result.actions) : { actions: [], defaultAction: undefined }
  return { status, notes, form: get(DataForm), ...ways, lang, payload, get }
}

/** The status is not required; where ways to go on are offered, it goes on. */
function statusOf({ status, actions }: CommandResult): CommandStatus {
  return status ?? (actions === undefined ? 'completed' : 'executing')
}

const order: readonly CommandAction[] = ['prev', 'next', 'complete']

/** XEP-0050 §3.4: what is allowed, and what "execute" means. */
function waysOn(actions: CommandActions | undefined): Pick<CommandStage, 'actions' | 'defaultAction'> {
  if (actions === undefined) return { actions: ['complete'], defaultAction: 'complete' }
  const { execute = 'next' } = actions
  const allowed = order.filter((action) => actions[action])
  return { actions: allowed, defaultAction: allowed.find((action) => action === execute) }
}
