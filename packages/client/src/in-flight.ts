import type { SendTicket } from './send-ticket.js'

/** What was written under stream management and is not acknowledged, in order. */
export class InFlight {
  /** The number in the session of the first. */
  number = 0
  /** Bytes of their XML. */
  bytes = 0
  readonly #forget: (number: number) => void
  #tickets: SendTicket[] = []

  /** @param forget called with the number of each that is not in flight any more */
  constructor(forget: (number: number) => void) {
    this.#forget = forget
  }

  /** All of them. */
  get tickets(): readonly SendTicket[] {
    return this.#tickets
  }

  /** How many there are. */
  get length(): number {
    return this.#tickets.length
  }

  /** One more is written. */
  add(ticket: SendTicket): void {
    this.#tickets.push(ticket)
    this.bytes += ticket.bytes
  }

  /** Takes the oldest out; without a number all of them. */
  take(count: number = this.length): SendTicket[] {
    const taken = this.#tickets.splice(0, count)
    for (const { bytes } of taken) {
      this.bytes -= bytes
      this.#forget(this.number++)
    }
    return taken
  }

  /** Takes one out that is not to be written again, between two connections. */
  remove(ticket: SendTicket): void {
    const index = this.#tickets.indexOf(ticket)
    if (index < 0) return
    this.#tickets.splice(index, 1)
    this.bytes -= ticket.bytes
    // Those behind move up when they are written again.
    this.#forget(this.number + this.length)
  }

  /** What an earlier client has left; `number` is that of the first. */
  restore(tickets: readonly SendTicket[], number: number): void {
    this.#tickets = [...tickets]
    this.number = number
    for (const { bytes } of tickets) this.bytes += bytes
  }
}
