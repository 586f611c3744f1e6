/**
 * XEP-0050: Ad-Hoc Commands (1.3.0).
 *
 * @module
 */

export { type Adhoc, adhoc, type CommandItem, type ExecuteOptions } from './adhoc.js'
export { askForm, type FormQuestion, type FormQuestions } from './ask-form.js'
export type { CommandAnswer } from './command-answer.js'
export { CommandError } from './command-error.js'
export { CommandExecution } from './command-execution.js'
export { CommandInput } from './command-input.js'
export type { CommandLimits } from './command-sessions.js'
export type { CommandAction, CommandStage } from './command-stage.js'
export {
  CommandActions,
  CommandCondition,
  CommandNote,
  type CommandNoteType,
  CommandRequest,
  type CommandRequestAction,
  CommandResult,
  type CommandStatus,
  executeCommand,
  NS_COMMANDS,
} from './elements.js'
export type {
  CommandHandler,
  CommandPermission,
  CommandReply,
  CommandStep,
  ServedCommand,
} from './served-command.js'
