import { type Retry, StanzaError, XmppError } from '@couplet/stanza'
import { CommandCondition } from './elements.js'

const sentences: Readonly<Record<CommandCondition, string>> = {
  'bad-action': 'the command does not take this action now',
  'bad-locale': 'the command does not speak this language',
  'bad-payload': 'the command does not take this answer',
  'bad-sessionid': 'there is no such session of the command',
  'malformed-action': 'the action is not known',
  'session-expired': 'the session of the command has ended',
}

/** The sessions of these are over. */
const final: ReadonlySet<CommandCondition> = new Set(['bad-sessionid', 'session-expired'])

/**
 * A command was refused for a reason of its own (XEP-0050 §4.4). A handler of a command throws one to refuse:
 * `throw new CommandError('bad-payload', 'Not that many.')`.
 */
export class CommandError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'CommandError'
  /** Why: the condition of XEP-0050 §4.4. */
  readonly code: CommandCondition
  /** `user`: with another answer, or in another language, the command goes on. */
  readonly retry: Retry
  /** The text that came or goes with it, for people. Not part of `message`, because a stranger may have written it. */
  readonly text: string | undefined

  constructor(code: CommandCondition, text?: string, cause?: unknown) {
    super(sentences[code], cause === undefined ? undefined : { cause })
    this.code = code
    this.text = text
    this.retry = code === 'bad-payload' || code === 'bad-locale' ? 'user' : 'no'
  }
}

/** The refusal of a responder with its own condition, if it has one; any other error as it is. */
export function asCommandError(error: unknown): unknown {
  // Not `instanceof`: another copy of the package may have made it.
  if (!(error instanceof Error) || error.name !== 'StanzaError') return error
  const { element, text } = error as StanzaError
  const condition = element.get(CommandCondition)
  return condition === undefined ? error : new CommandError(condition, text, error)
}

/** Whether after this error there is no session any more. */
export function endsSession(error: unknown): boolean {
  return isCommandError(error) && final.has(error.code)
}

/** The stanza error that says it on the wire (XEP-0050 §4.4); any other error as it is. */
export function asRefusal(error: unknown): unknown {
  if (!isCommandError(error)) return error
  const { code, text } = error
  const condition = code === 'session-expired' ? 'not-allowed' : 'bad-request'
  return new StanzaError({ condition, text, application: CommandCondition(code) })
}

function isCommandError(error: unknown): error is CommandError {
  return error instanceof Error && error.name === 'CommandError'
}
