import type { DataForm } from '@couplet/forms'
import type { Jid, XmlElement } from '@couplet/stanza'
import type { CommandInput } from './command-input.js'
import type { CommandAction } from './command-stage.js'
import type { CommandNote } from './elements.js'

/**
 * Answers a stage: with the next one, or with the result if that has no way on. What it throws refuses: a `CommandError` or
 * a `StanzaError` as it is; anything else is reported as an error of the client, and answered as `internal-server-error`.
 */
export type CommandHandler = (input: CommandInput) => CommandReply | Promise<CommandReply>

/** What a handler answers with; nothing is a result without content. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is one, too
export type CommandReply = CommandStep | undefined | void

/** A stage of a command; one without `next`, `prev` and `complete` is the result. */
export interface CommandStep {
  /** The form to be filled in, or with the result: of `askForm`, or of a definition such as one of `resultForm`. */
  readonly form?: DataForm | XmlElement
  /**
   * Notes for people; a text alone is of type `info`. A command that has failed must say so with one of type `error`
   * (XEP-0050 §3.6).
   */
  readonly notes?: readonly (CommandNote | string)[]
  /** What else there is, after the form. */
  readonly payload?: readonly XmlElement[]
  /** What comes next, with the answers of this stage. */
  readonly next?: CommandHandler
  /** Goes back; there are no answers then. */
  readonly prev?: CommandHandler
  /** Finishes, with the answers of this stage. */
  readonly complete?: CommandHandler
  /** Which of these is the usual; default: the first there is of `next`, `complete`, `prev`. */
  readonly defaultAction?: CommandAction
}

/**
 * Who may see a command and execute it: any client of the own account, everybody, or whom a function accepts. One that
 * throws accepts nobody.
 */
export type CommandPermission = 'anyone' | 'ownAccount' | ((from: Jid) => boolean | Promise<boolean>)

/** A command that this client offers. */
export interface ServedCommand {
  /** Its name for programs, unique in this client. */
  readonly node: string
  /** Its name for people. */
  readonly name: string
  /** Who may see it and execute it. There is no default, so that no command is open to anybody by accident (S-155). */
  readonly allow: CommandPermission
  /** The language of its texts. */
  readonly lang?: string
  /** Begins: answers with the first stage, or at once with the result. */
  readonly run: CommandHandler
}
