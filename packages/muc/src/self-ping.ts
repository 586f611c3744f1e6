import type { PluginContext } from '@couplet/client'
import { sendPing } from '@couplet/ping'
import type { Jid, StanzaError } from '@couplet/stanza'
import { jitter } from './jitter.js'

/** Milliseconds: of silence before a ping, for its answer, and until the next one if none came (XEP-0410 §2). */
const limits = { silence: 15 * 60_000, answer: 30_000, again: 5 * 60_000 } as const

/** XEP-0410 §2: we are in; whoever got the ping does not know pings, or we just changed our name. */
const inside: readonly string[] = ['service-unavailable', 'feature-not-implemented', 'item-not-found']
/** XEP-0410 §2: nobody can tell, as if there were no answer. */
const unreachable: readonly string[] = ['remote-server-not-found', 'remote-server-timeout']

/** What a self-ping has found out. */
export type SelfPingVerdict = 'inside' | 'outside' | 'unknown'

/** What an answer to a self-ping means (XEP-0410 §2). @param error what the request was rejected with */
export function verdictOf(error: unknown): SelfPingVerdict {
  if (!(error instanceof Error) || error.name !== 'StanzaError') return 'unknown'
  const { condition } = error as StanzaError
  if (inside.includes(condition)) return 'inside'
  return unreachable.includes(condition) ? 'unknown' : 'outside'
}

/** Finds out whether a room that is silent has forgotten us (XEP-0410). */
export class SelfPing {
  readonly #context: PluginContext
  readonly #occupant: () => Jid
  readonly #lost: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #heard = 0
  #abort: AbortController | undefined

  /**
   * @param occupant our own address in the room
   * @param lost called when the room does not know us any more
   */
  constructor(context: PluginContext, occupant: () => Jid, lost: () => void) {
    this.#context = context
    this.#occupant = occupant
    this.#lost = lost
  }

  /** We are in: silence counts from now on. */
  start(): void {
    this.stop()
    this.heard()
    this.#wait(jitter(limits.silence))
  }

  /** We are not, or not any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#abort?.abort()
    this.#abort = undefined
  }

  /** The room has said something. */
  heard(): void {
    this.#heard = performance.now()
  }

  /** There is a doubt: asks now, if no question is under way. */
  ask(): void {
    if (this.#timer === undefined || this.#abort !== undefined || !this.#context.isOnline) return
    clearTimeout(this.#timer)
    void this.#ping()
  }

  #wait(ms: number, interval: number = ms): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#check(interval), ms)
  }

  #check(interval: number): void {
    const left = interval - (performance.now() - this.#heard)
    // A millisecond is less than what timers promise.
    if (left > 1) this.#wait(Math.min(left, interval), interval)
    else if (this.#context.isOnline) void this.#ping()
    else this.#wait(jitter(limits.silence)) // none while there is no connection
  }

  async #ping(): Promise<void> {
    const abort = new AbortController()
    this.#abort = abort
    this.#timer = setTimeout(() => abort.abort(), limits.answer)
    const verdict = await this.#ask(abort.signal)
    if (this.#abort !== abort) return // stopped meanwhile
    this.#abort = undefined
    clearTimeout(this.#timer)
    if (verdict === 'outside') {
      this.#timer = undefined
      this.#lost()
      return
    }
    if (verdict === 'inside') this.heard()
    this.#wait(jitter(verdict === 'inside' ? limits.silence : limits.again))
  }

  async #ask(signal: AbortSignal): Promise<SelfPingVerdict> {
    try {
      await this.#context.request(sendPing, true, { to: this.#occupant(), signal })
      return 'inside'
    } catch (error) {
      return verdictOf(error)
    }
  }
}
