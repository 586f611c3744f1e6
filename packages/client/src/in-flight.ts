import type { JournalPlaces } from './journal-places.js'
import type { SendTicket } from './send-ticket.js'

/** What was written under stream management and is not acknowledged, in order. */
export class InFlight {
  /** The number in the session of the first. */
  number = 0
  /** UTF-16 units of their XML. */
  units = 0
  readonly #places: JournalPlaces
  #tickets: SendTicket[] = []

  constructor(places: JournalPlaces) {
    this.#places = places
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
    this.units += ticket.text.length
  }

  /** Takes the oldest out; without a number all of them. */
  take(count: number = this.length): SendTicket[] {
    const taken = this.#tickets.splice(0, count)
    for (const { text } of taken) {
      this.units -= text.length
      this.#places.written(this.number++, undefined)
    }
    return taken
  }

  /** Takes one out that is not to be written again, between two connections. */
  remove(ticket: SendTicket): void {
    const index = this.#tickets.indexOf(ticket)
    if (index < 0) return
    this.#tickets.splice(index, 1)
    this.units -= ticket.text.length
    // Those behind move up when they are written again.
    this.#places.written(this.number + this.length, undefined)
  }

  /** What an earlier client has left; `number` is that of the first. */
  restore(tickets: readonly SendTicket[], number: number): void {
    this.#tickets = [...tickets]
    this.number = number
    for (const { text } of tickets) this.units += text.length
  }
}
