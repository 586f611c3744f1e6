import { type StanzaError, type StreamError, type StreamErrorCondition, XmppError } from '@couplet/stanza'
import type { AuthenticationError } from './authentication-error.js'
import { stable } from './backoff.js'
import { type BudgetName, Budgets } from './budgets.js'
import type { ConnectionError, ConnectionPhase } from './connection-error.js'
import { NS_SM } from './elements.js'
import { redirectOf } from './see-other-host.js'
import {
  backoff,
  doubtful,
  elsewhere,
  passing,
  patient,
  type Retrial,
  type Situation,
  type StopReason,
  soon,
  spread,
  stop,
  streamVerdicts,
  unreadable,
  type Verdict,
} from './verdict.js'

/** A server, or what stands before it, that goes away in these phases has nobody behind it. */
const early: ReadonlySet<ConnectionPhase> = new Set<ConnectionPhase>(['tcp', 'tls', 'websocket', 'stream'])

/**
 * Judges why a connection ended or an attempt failed, by the tables of RFC 6120 §4.9.3 and §6.5. Remembers what it must, so
 * that "once" is once; a connection of 60 s, or {@link reset}, is a new beginning.
 */
export class Verdicts {
  readonly #now: () => number
  readonly #budgets: Budgets
  #everOnline = false
  #since: number | undefined
  /** The code of what ended the last session. */
  #lostBy: string | undefined
  /** Since then, the wait for a server that restarts was already served. */
  #isSpread = false

  /** @param now milliseconds on a clock that never jumps; default `performance.now` */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#budgets = new Budgets(now)
  }

  /** A session has begun. */
  online(): void {
    this.#everOnline = true
    this.#since = this.#now()
    this.#isSpread = false
  }

  /** The user wants it: what was allowed once is allowed once more. */
  reset(): void {
    this.#budgets.reset()
  }

  /** The connection ended, or an attempt failed, with this error. To be asked once about each. */
  judge(error: Error, situation: Situation): Verdict {
    const wasOnline = this.#since !== undefined
    if (this.#since !== undefined && this.#now() - this.#since >= stable) this.#budgets.settle()
    this.#since = undefined
    if (wasOnline) this.#lostBy = (error as Partial<XmppError>).code
    let verdict = this.#decide(error, situation, wasOnline)
    // Nobody may end a client for good by a word in the clear; but where there was never a server, the user has to look.
    if (verdict.kind === 'stop' && situation.inTheClear && this.#everOnline) verdict = doubtful
    if (verdict === spread) this.#isSpread = true
    return verdict
  }

  // By name: another copy of the package may have made the error.
  #decide(error: Error, situation: Situation, wasOnline: boolean): Verdict {
    if (error.name === 'StreamError') return this.#stream(error as StreamError, situation, wasOnline)
    if (error.name === 'ConnectionError') return this.#connection(error as ConnectionError, situation, wasOnline)
    if (error.name === 'AuthenticationError') return this.#authentication(error as AuthenticationError)
    if (error.name === 'StanzaError') return this.#binding(error as StanzaError, situation)
    if (error.name === 'MalformedElementError') return this.#within('protocol', { ...backoff, fresh: true }, 'protocol')
    // Someone else's, such as a password function that could not ask for it: it may work later.
    return XmppError.is(error) && error.retry !== 'backoff' ? stop('configuration') : backoff
  }

  #stream(error: StreamError, situation: Situation, wasOnline: boolean): Verdict {
    const { condition, element } = error
    if (element === undefined) return this.#ours(condition)
    if (unreadable.has(condition)) return this.#within('protocol', { ...backoff, poison: true }, 'protocol')
    switch (condition) {
      case 'conflict':
        return this.#conflict(situation)
      case 'improper-addressing':
      case 'invalid-from':
        return this.#within('addressing', { ...backoff, poison: true }, 'protocol')
      case 'not-authorized':
        return wasOnline
          ? this.#within('login', { ...backoff, withoutToken: true }, 'authentication')
          : stop('authentication')
      case 'see-other-host':
        return this.#redirect(error, situation)
      case 'undefined-condition':
        // Its counters and ours differ; a resumed session would have the same.
        return element.child('handled-count-too-high', NS_SM) ? { ...backoff, fresh: true } : backoff
      default:
        return streamVerdicts[condition] ?? backoff
    }
  }

  /** We ended the stream because of what came. Resumed, the same would come again; and a stranger may have written it. */
  #ours(condition: StreamErrorCondition): Verdict {
    if (condition === 'unsupported-version') return stop('incompatible')
    return this.#budgets.spend('inbound') ? { ...backoff, fresh: true } : { ...backoff, fresh: true, from: 60_000 }
  }

  #connection(error: ConnectionError, { resumable }: Situation, wasOnline: boolean): Verdict {
    switch (error.code) {
      case 'stopped':
        return stop('stopped')
      case 'certificate-expired':
      case 'certificate-name':
      case 'certificate-pin':
      case 'certificate-untrusted':
        return this.#everOnline ? patient : stop('certificate')
      case 'tls-required':
      case 'no-transport':
        return stop('configuration')
    }
    if (wasOnline) return resumable ? soon : backoff
    return this.#isTurnedAway(error) ? spread : backoff
  }

  /** Whether the server looks as if it restarts, and we have not yet stepped back for that. */
  #isTurnedAway({ code, phase }: ConnectionError): boolean {
    if (!this.#everOnline || this.#isSpread) return false
    if (code === 'refused' || (code === 'closed' && early.has(phase))) return true
    // A browser does not tell a closed port from a broken link; but a link that breaks does not say good-bye.
    return phase === 'websocket' && code === 'unreachable' && this.#lostBy === 'closed'
  }

  /** RFC 6120 §6.5. What is not known to pass is never repeated: it could lock the account. */
  #authentication({ condition }: AuthenticationError): Verdict {
    return condition === 'temporary-auth-failure' ? backoff : stop('authentication')
  }

  /** RFC 6120 §7.6.2, §7.7.2. */
  #binding({ condition, type }: StanzaError, situation: Situation): Verdict {
    // The one who has the name may be our own last connection, which the server does not know to be gone.
    if (condition === 'conflict' && situation.fixedResource && this.#everOnline) return { ...backoff, from: 120_000 }
    if (condition === 'conflict') return this.#conflict(situation)
    if (condition === 'resource-constraint') return { ...backoff, from: 60_000 }
    return type === 'wait' || passing.has(condition) ? backoff : stop('configuration')
  }

  #conflict({ fixedResource }: Situation): Verdict {
    return fixedResource ? stop('replaced') : this.#within('conflict', elsewhere, 'replaced')
  }

  /** RFC 6120 §4.9.3.19; without verified TLS anybody could have said it. */
  #redirect(error: StreamError, { secure }: Situation): Verdict {
    const redirect = redirectOf(error)
    return secure && redirect !== undefined && this.#budgets.spend('redirect') ? { ...soon, redirect } : backoff
  }

  #within(name: BudgetName, verdict: Retrial, reason: StopReason): Verdict {
    return this.#budgets.spend(name) ? verdict : stop(reason)
  }
}
