import type { CallOptions, Session } from '@couplet/client'
import { type Jid, MalformedElementError } from '@couplet/stanza'
import { type CommandAnswer, payloadOf } from './command-answer.js'
import { asCommandError, endsSession } from './command-error.js'
import { type CommandAction, type CommandStage, stageOf } from './command-stage.js'
import { type CommandRequestAction, type CommandResult, executeCommand } from './elements.js'

/** @internal What an execution needs of a client. */
export type CommandSession = Pick<Session, 'request'>

/** @internal What is executed. */
export interface CommandTarget {
  readonly jid: Jid
  readonly node: string
  readonly lang?: string | undefined
}

/** One execution of a command, from its first stage to its end; what `client.adhoc.execute` resolves with. */
export class CommandExecution {
  /** Who executes it. */
  readonly jid: Jid
  /** Which command it is. */
  readonly node: string
  readonly #session: CommandSession
  readonly #lang: string | undefined
  readonly #id: string | undefined
  #stage: CommandStage
  #isAsking = false
  #canceled: Promise<void> | undefined

  /** @internal */
  constructor(session: CommandSession, { jid, node, lang }: CommandTarget, result: CommandResult) {
    this.#session = session
    this.jid = jid
    this.node = node
    this.#lang = lang
    this.#id = result.sessionId || undefined
    this.#stage = stageOf(result)
    // XEP-0050 §4.1: without it there is no way on.
    if (this.#stage.status === 'executing' && this.#id === undefined) {
      throw new MalformedElementError('command@sessionid', 'is missing')
    }
  }

  /** Where it is. */
  get stage(): CommandStage {
    return this.#stage
  }

  /**
   * Goes on to the next stage.
   *
   * @param answer what is answered to the form of this stage; fields without a value keep the one they came with
   * @throws RangeError if the stage does not allow it, and for an answer that does not fit the form
   * @throws TypeError if it has ended, or the answer to an earlier call has not come yet
   * @throws CommandError if the responder says why it refuses; after `bad-payload` it can be tried again
   * @throws StanzaError if it just refuses
   */
  next(answer?: CommandAnswer, options?: CallOptions): Promise<CommandStage> {
    return this.#go('next', answer, options)
  }

  /** Finishes. Throws as {@link next}. */
  complete(answer?: CommandAnswer, options?: CallOptions): Promise<CommandStage> {
    return this.#go('complete', answer, options)
  }

  /** Goes back to the stage before. Throws as {@link next}. */
  prev(options?: CallOptions): Promise<CommandStage> {
    return this.#go('prev', undefined, options)
  }

  /** Does what the responder takes for the usual: see {@link CommandStage.defaultAction}. Throws as {@link next}. */
  submit(answer?: CommandAnswer, options?: CallOptions): Promise<CommandStage> {
    return this.#go(this.#stage.defaultAction, answer, options)
  }

  /**
   * Ends it without finishing it. Sent at most once, and not at all if it has ended.
   *
   * @throws StanzaError if the responder refuses
   */
  cancel(options: CallOptions = {}): Promise<void> {
    if (this.#stage.status === 'executing') this.#canceled ??= this.#cancel(options)
    return this.#canceled ?? Promise.resolve()
  }

  /** For `await using`: cancels what has not ended; nobody is left who could do anything about a refusal. */
  declare [Symbol.asyncDispose]: () => Promise<void>

  async #go(
    action: CommandAction | undefined,
    answer: CommandAnswer | undefined,
    { signal }: CallOptions = {},
  ): Promise<CommandStage> {
    if (this.#stage.status !== 'executing' || this.#canceled !== undefined) throw new TypeError('the command has ended')
    if (this.#isAsking) throw new TypeError('the command has not answered yet')
    if (action === undefined || !this.#stage.actions.includes(action)) {
      throw new RangeError(action ? `the command does not allow "${action}" now` : 'the command names no usual action')
    }
    const payload = action === 'prev' ? [] : payloadOf(this.#stage, answer)
    this.#isAsking = true
    try {
      const stage = stageOf(this.#checked(await this.#ask(action, payload, signal)))
      // What comes after a cancelling is only news if it had been too late.
      if (this.#canceled === undefined || stage.status === 'completed') this.#stage = stage
      return stage
    } catch (error) {
      if (signal?.aborted) void this.cancel().catch(() => {})
      throw this.#refused(error)
    } finally {
      this.#isAsking = false
    }
  }

  #ask(
    action: CommandRequestAction,
    payload: CommandResult['payload'],
    signal: AbortSignal | undefined,
  ): Promise<CommandResult> {
    const { node } = this
    const request = { action, node, sessionId: this.#id, lang: this.#lang, payload }
    return this.#session.request(executeCommand, request, { to: this.jid, signal })
  }

  /** XEP-0050 §3.3: one execution is one session. */
  #checked(result: CommandResult): CommandResult {
    if (result.sessionId === undefined || result.sessionId === this.#id) return result
    throw new MalformedElementError('command@sessionid', 'is another one')
  }

  #refused(reason: unknown): unknown {
    const error = asCommandError(reason)
    if (endsSession(error)) this.#end()
    return error
  }

  #end(): void {
    if (this.#stage.status !== 'executing') return
    const { notes, payload, lang, get } = this.#stage
    const ended = { status: 'canceled', form: undefined, actions: [], defaultAction: undefined } as const
    this.#stage = { notes, payload, lang, get, ...ended }
  }

  async #cancel({ signal }: CallOptions): Promise<void> {
    try {
      await this.#ask('cancel', [], signal)
    } catch (reason) {
      const error = asCommandError(reason)
      // It is over in any case.
      if (!endsSession(error)) throw error
    } finally {
      this.#end()
    }
  }
}

// Not every browser has the symbol yet, and a method named by a missing symbol would be called "undefined".
if (Symbol.asyncDispose !== undefined) {
  CommandExecution.prototype[Symbol.asyncDispose] = function dispose(this: CommandExecution) {
    return this.cancel().catch(() => {})
  }
}

/**
 * @internal Begins to execute a command. If the signal ends it before the answer has come, the session that the answer
 * opens is canceled: nobody else could.
 */
export async function beginExecution(
  session: CommandSession,
  target: CommandTarget,
  signal: AbortSignal | undefined,
): Promise<CommandExecution> {
  signal?.throwIfAborted()
  const { jid, node, lang } = target
  const opened = session
    .request(executeCommand, { action: 'execute', node, lang, payload: [] }, { to: jid })
    .then((result) => new CommandExecution(session, target, result))
    .catch((error: unknown) => {
      throw asCommandError(error)
    })
  if (signal === undefined) return opened
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason)
      opened.then((execution) => execution.cancel()).catch(() => {})
    }
    signal.addEventListener('abort', abort, { once: true })
    opened.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
