import { StanzaError } from '@couplet/stanza'
import { CommandError } from './command-error.js'
import { randomId } from './random-id.js'
import type { CommandStep } from './served-command.js'

/** How many executions there may be at a time, and how long each may last. */
export interface CommandLimits {
  /** All executions of everybody; further ones are refused with `resource-constraint`. Default 1,000. */
  readonly maxSessions?: number
  /**
   * Those of one account; a further one ends the oldest that waits for its user, or is refused if none does. Default 5.
   */
  readonly maxSessionsPerAccount?: number
  /** Milliseconds without word from the requester until an execution has ended; at most 2³¹-1. Default 600,000. */
  readonly sessionLifetime?: number
}

/** Who executes what: the session is for nobody else (S-155). */
export interface CommandOwner {
  readonly node: string
  /** The full JID that began it. */
  readonly from: string
  /** The bare JID of that. */
  readonly account: string
  /** The address that was asked. */
  readonly to: string
}

/** An execution of a command of ours. */
export interface OpenCommand extends CommandOwner {
  readonly id: string
  readonly lang: string | undefined
  /** The stage it is in; `undefined` while it begins. */
  step: CommandStep | undefined
  /** Whether a handler is running. */
  isBusy: boolean
  readonly signal: AbortSignal
}

interface Entry extends OpenCommand {
  readonly controller: AbortController
  timer: ReturnType<typeof setTimeout> | undefined
}

/** So many ended sessions are told from those that never were. */
const remembered = 1000

/** The executions of commands of this client, bounded in number and time. */
export class CommandSessions {
  readonly #limits: Required<CommandLimits>
  /** In the order in which they began. */
  readonly #open = new Map<string, Entry>()
  readonly #ended = new Map<string, CommandOwner>()

  /** @throws RangeError for a limit that is none */
  constructor({ maxSessions = 1000, maxSessionsPerAccount = 5, sessionLifetime = 600_000 }: CommandLimits) {
    this.#limits = { maxSessions, maxSessionsPerAccount, sessionLifetime }
    for (const [name, limit] of Object.entries(this.#limits)) {
      if (!Number.isInteger(limit) || limit < 1 || limit >= 2 ** 31) throw new RangeError(`${name}: not in range`)
    }
  }

  /** Begins one. @throws StanzaError `resource-constraint` if there are too many */
  begin(owner: CommandOwner, lang: string | undefined): OpenCommand {
    const own = [...this.#open.values()].filter(({ account }) => account === owner.account)
    if (own.length >= this.#limits.maxSessionsPerAccount) {
      const left = own.find(({ isBusy }) => !isBusy)
      if (left === undefined) throw new StanzaError({ condition: 'resource-constraint' })
      this.expire(left)
    }
    if (this.#open.size >= this.#limits.maxSessions) throw new StanzaError({ condition: 'resource-constraint' })
    const controller = new AbortController()
    const { signal } = controller
    const entry: Entry = {
      ...owner,
      id: randomId(),
      lang,
      step: undefined,
      isBusy: false,
      signal,
      controller,
      timer: undefined,
    }
    this.#open.set(entry.id, entry)
    this.touch(entry)
    return entry
  }

  /**
   * The open one with this id, if it is this owner's.
   *
   * @throws CommandError `session-expired` if it was once, `bad-sessionid` for any other
   */
  find(id: string, owner: CommandOwner): OpenCommand {
    const open = this.#open.get(id)
    if (open !== undefined && isSame(open, owner)) return open
    const ended = this.#ended.get(id)
    throw new CommandError(ended !== undefined && isSame(ended, owner) ? 'session-expired' : 'bad-sessionid')
  }

  /** Its time begins again. */
  touch({ id }: OpenCommand): void {
    const entry = this.#open.get(id)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    entry.timer = setTimeout(() => this.expire(entry), this.#limits.sessionLifetime)
  }

  /** It is finished, and its handlers are done. */
  end({ id }: OpenCommand): void {
    const entry = this.#open.get(id)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    this.#open.delete(id)
    const { node, from, account, to } = entry
    this.#ended.set(id, { node, from, account, to })
    const [oldest] = this.#ended.keys()
    if (oldest !== undefined && this.#ended.size > remembered) this.#ended.delete(oldest)
  }

  /** It ends before it is finished, and a handler that is running is told why. */
  abort({ id }: OpenCommand, reason: unknown): void {
    const entry = this.#open.get(id)
    if (entry === undefined) return
    this.end(entry)
    entry.controller.abort(reason)
  }

  /** It has lasted too long. */
  expire(session: OpenCommand): void {
    this.abort(session, new CommandError('session-expired'))
  }

  /** Ends all, or those of a command. */
  expireAll(node?: string): void {
    for (const each of [...this.#open.values()]) if (node === undefined || each.node === node) this.expire(each)
  }
}

const isSame = (one: CommandOwner, other: CommandOwner): boolean =>
  one.from === other.from && one.to === other.to && one.node === other.node
