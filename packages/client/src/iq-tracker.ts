import { type BareJid, type ElementDef, type Iq, type Jid, MalformedElementError, readElement } from '@couplet/stanza'
import { onAbort } from './on-abort.js'

/** A request that has no answer yet. */
interface PendingRequest {
  readonly to: Jid | undefined
  readonly response: ElementDef<unknown> | undefined
  readonly mayBeEmpty: boolean
  settle(outcome: { readonly value: unknown } | { readonly error: unknown }): void
}

/** What became of a reply: it answered a request, nobody waited for it, or its sender was not the one asked. */
export type ReplyOutcome = 'settled' | 'unknown' | 'spoofed'

/** Milliseconds: a timer that is set for longer fires at once. */
const longestTimer = 2 ** 31 - 1

/** Requests waiting for their answers: by id, and only from whom was asked (RFC 6120 §8.2.3, §10.3.3). */
export class IqTracker {
  readonly #account: () => BareJid
  readonly #pending = new Map<string, PendingRequest>()

  /** @param account asked each time, because an anonymous login learns it late */
  constructor(account: () => BareJid) {
    this.#account = account
  }

  /** How many requests wait. */
  get size(): number {
    return this.#pending.size
  }

  /**
   * Waits for the answer to a request.
   *
   * @param response what the payload of the result must be; `undefined` for a result without one
   * @param timeout milliseconds after which it rejects with a `TimeoutError`
   * @param mayBeEmpty whether a result without any payload is `undefined` rather than malformed
   */
  expect<R>(
    id: string,
    response: ElementDef<R> | undefined,
    to: Jid | undefined,
    timeout: number,
    signal?: AbortSignal,
    mayBeEmpty = false,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const settle = (outcome: { readonly value: unknown } | { readonly error: unknown }): void => {
        this.#pending.delete(id)
        clearTimeout(timer)
        forgetSignal?.()
        if ('value' in outcome) resolve(outcome.value as R)
        else reject(outcome.error)
      }
      const timer = setTimeout(
        () => settle({ error: new DOMException(`no answer within ${timeout} ms`, 'TimeoutError') }),
        Math.min(timeout, longestTimer),
      )
      const forgetSignal = signal && onAbort(signal, () => settle({ error: signal.reason }))
      this.#pending.set(id, { to, response: response as ElementDef<unknown> | undefined, mayBeEmpty, settle })
    })
  }

  /** Takes an IQ of type `result` or `error`. */
  receive(reply: Iq, ownJid: Jid): ReplyOutcome {
    const pending = this.#pending.get(reply.id)
    if (pending === undefined) return 'unknown'
    if (!this.#mayAnswer(pending.to, reply.from, ownJid)) return 'spoofed'
    const { error } = reply
    if (error !== undefined) pending.settle({ error })
    else pending.settle(readResult(pending, reply))
    return 'settled'
  }

  /** Rejects one request, for one that could not be sent. */
  fail(id: string, error: unknown): void {
    this.#pending.get(id)?.settle({ error })
  }

  /** Rejects everything, when the connection ends. */
  failAll(error: unknown): void {
    for (const pending of [...this.#pending.values()]) pending.settle({ error })
  }

  /** The account's server answers on behalf of the account, and servers differ in which name they use for that. */
  #mayAnswer(to: Jid | undefined, from: Jid | undefined, ownJid: Jid): boolean {
    const account = this.#account()
    if (to === undefined) {
      return from === undefined || from.equals(account) || from.equals(ownJid) || isDomain(from, account.domain)
    }
    if (from === undefined) return to.equals(account)
    return from.equals(to)
  }
}

const isDomain = (jid: Jid, domain: string): boolean =>
  jid.domain === domain && jid.local === undefined && jid.resource === undefined

function readResult(
  { response, mayBeEmpty }: PendingRequest,
  reply: Iq,
): { readonly value: unknown } | { readonly error: unknown } {
  if (response === undefined || (mayBeEmpty && reply.payload === undefined)) return { value: undefined }
  try {
    for (const node of reply.element.elements()) {
      if (!response.matches(node)) continue
      const result = readElement(response, node)
      return result.ok ? { value: result.value } : { error: result.error }
    }
  } catch (error) {
    return { error } // a definition somebody wrote by hand may throw; the stream goes on
  }
  return { error: new MalformedElementError(`iq/${response.tags.join('|')}`, 'is missing') }
}
