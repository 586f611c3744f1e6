import { DataForm } from '@couplet/forms'
import { type Jid, readElement, type XmlElement } from '@couplet/stanza'
import { CommandError } from './command-error.js'
import { CommandInput, checkAnswer } from './command-input.js'
import { type CommandLimits, type CommandOwner, CommandSessions, type OpenCommand } from './command-sessions.js'
import type { CommandAction } from './command-stage.js'
import type { AnyCommandRequest, CommandActions, CommandResult } from './elements.js'
import type { CommandHandler, CommandStep, ServedCommand } from './served-command.js'

/** Carries commands out, stage by stage, for those who were found to be allowed to. */
export class CommandConversation {
  readonly #sessions: CommandSessions

  constructor(limits: CommandLimits) {
    this.#sessions = new CommandSessions(limits)
  }

  /**
   * Answers a request.
   *
   * @throws CommandError why it refuses (XEP-0050 §4.4)
   * @throws what the handler of the command has thrown
   */
  async answer(command: ServedCommand, request: AnyCommandRequest, from: Jid, to: Jid): Promise<CommandResult> {
    const { node } = command
    const { sessionId, lang = undefined } = request
    const action = actionOf(request)
    const owner: CommandOwner = { node, from: from.toString(), account: from.bare.toString(), to: to.toString() }
    if (sessionId === undefined) {
      // XEP-0050 §3.3: only this begins something; there is nothing yet that could go on.
      if (action !== 'execute') throw new CommandError('bad-action')
      const session = this.#sessions.begin(owner, lang)
      return this.#run(command, session, command.run, () => this.#input(session, request, from, to))
    }
    const session = this.#sessions.find(sessionId, owner)
    if (action === 'cancel') {
      this.#sessions.abort(session, new DOMException('the command was canceled', 'AbortError'))
      return resultOf(command, session, 'canceled')
    }
    // Two answers to one stage: the second came before the first was dealt with.
    if (session.isBusy || session.step === undefined) throw new CommandError('bad-action')
    const { step } = session
    const way = action === 'execute' ? defaultActionOf(step) : action
    const handler = way === undefined ? undefined : step[way]
    if (handler === undefined) throw new CommandError('bad-action')
    this.#sessions.touch(session)
    return this.#run(command, session, handler, () => {
      const input = this.#input(session, request, from, to)
      if (way !== 'prev') checkAnswer(formOf(step.form), input)
      return input
    })
  }

  /** Ends all executions, or those of a command. */
  end(node?: string): void {
    this.#sessions.expireAll(node)
  }

  #input({ signal, lang }: OpenCommand, { payload }: AnyCommandRequest, from: Jid, to: Jid): CommandInput {
    return new CommandInput({ from, to, lang, payload, signal })
  }

  async #run(
    command: ServedCommand,
    session: OpenCommand,
    handler: CommandHandler,
    input: () => CommandInput,
  ): Promise<CommandResult> {
    session.isBusy = true
    try {
      const step = (await unlessAborted(session.signal, async () => handler(input()))) ?? {}
      const way = defaultActionOf(step)
      if (way === undefined) this.#sessions.end(session)
      else session.step = step
      return resultOf(command, session, way === undefined ? 'completed' : 'executing', step)
    } catch (error) {
      if (session.signal.aborted && !isExpiry(error)) return resultOf(command, session, 'canceled')
      if (session.step === undefined || !canTryAgain(error)) this.#sessions.end(session)
      throw error
    } finally {
      session.isBusy = false
    }
  }
}

const ways: readonly CommandAction[] = ['next', 'complete', 'prev']

/** What "execute" means; `undefined` if there is no way on. @throws TypeError for a usual action that is not there */
function defaultActionOf(step: CommandStep): CommandAction | undefined {
  const way = step.defaultAction ?? ways.find((each) => step[each] !== undefined)
  if (way !== undefined && step[way] === undefined) throw new TypeError(`a stage has no "${way}", its defaultAction`)
  return way
}

type RequestAction = CommandAction | 'cancel' | 'execute'

const actions: ReadonlySet<string> = new Set<RequestAction>(['cancel', 'complete', 'execute', 'next', 'prev'])

function actionOf({ action = 'execute' }: AnyCommandRequest): RequestAction {
  if (!actions.has(action)) throw new CommandError('malformed-action')
  return action as RequestAction
}

function resultOf(
  { node, lang }: ServedCommand,
  { id }: OpenCommand,
  status: NonNullable<CommandResult['status']>,
  step: CommandStep = {},
): CommandResult {
  const { form, notes = [], payload = [] } = step
  const forms = form === undefined ? [] : [isElement(form) ? form : DataForm(form)]
  return {
    node,
    sessionId: id,
    status,
    lang,
    actions: status === 'executing' ? actionsOf(step) : undefined,
    notes: notes.map((note) => (typeof note === 'string' ? { type: 'info', text: note } : note)),
    payload: [...forms, ...payload],
  }
}

/** XEP-0050 §3.4: always with `execute`, so that nobody has to know what its absence means. */
function actionsOf(step: CommandStep): CommandActions {
  const { prev, next, complete } = step
  return { execute: defaultActionOf(step), prev: prev && true, next: next && true, complete: complete && true }
}

function formOf(form: CommandStep['form']): DataForm | undefined {
  if (form === undefined || !isElement(form)) return form
  const read = DataForm.matches(form) ? readElement(DataForm, form) : undefined
  return read?.ok ? read.value : undefined
}

const isElement = (form: DataForm | XmlElement): form is XmlElement => 'elements' in form

/** RFC 6120 §8.3.2: after an error of these types the same stage can be answered again. */
function canTryAgain(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'CommandError') return (error as CommandError).retry === 'user'
  return error.name === 'StanzaError' && ['modify', 'wait'].includes(String((error as { type?: unknown }).type))
}

const isExpiry = (error: unknown): boolean =>
  error instanceof Error && error.name === 'CommandError' && (error as CommandError).code === 'session-expired'

/** Runs a handler, but waits no longer than the session lasts: whoever asks gets an answer. */
function unlessAborted<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    run()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
