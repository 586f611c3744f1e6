import { asReason } from './close-reasons.js'
import type { AckSource, SendTicket } from './send-ticket.js'

/**
 * Acknowledgements where the server has no stream management: it handles what we send in order (RFC 6120 §10.1), so the
 * answer to a later IQ, even an error, proves that everything before it was handled. One question at a time, asked only
 * when somebody waits for an outcome.
 */
export class AckBarrier implements AckSource {
  readonly #ask: () => Promise<unknown>
  #waiting: SendTicket[] = []
  #asked: readonly SendTicket[] | undefined
  #end: { readonly error: unknown } | undefined

  readonly #dead: () => void

  /**
   * @param ask sends an IQ to the server; settles when the answer is there
   * @param dead called when there is none: the connection is of no use any more
   */
  constructor(ask: () => Promise<unknown>, dead: () => void = () => {}) {
    this.#ask = ask
    this.#dead = dead
  }

  confirm(ticket: SendTicket): void {
    if (this.#end !== undefined) {
      ticket.fail(this.#end.error)
      return
    }
    this.#waiting.push(ticket)
    if (this.#asked === undefined) this.#next()
  }

  /** Resolves when nobody waits any more. */
  async idle(): Promise<void> {
    while (this.#asked !== undefined) await Promise.allSettled(this.#asked.map(({ acked }) => acked))
  }

  /** The connection is gone: what has no answer yet gets none. */
  end(error: unknown): void {
    this.#end = { error }
    const asked = this.#asked ?? []
    this.#asked = undefined
    for (const ticket of [...asked, ...this.#waiting.splice(0)]) ticket.fail(error)
  }

  #next(): void {
    const tickets = this.#waiting.splice(0)
    if (tickets.length === 0) {
      this.#asked = undefined
      return
    }
    this.#asked = tickets
    this.#ask().then(
      () => this.#answered(tickets),
      (error: Error) => {
        if (this.#end === undefined) this.#dead()
        this.end(asReason(error))
      },
    )
  }

  #answered(tickets: readonly SendTicket[]): void {
    if (this.#end !== undefined) return
    for (const ticket of tickets) ticket.succeed()
    this.#next()
  }
}
