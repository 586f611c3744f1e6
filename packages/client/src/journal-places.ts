import type { Saved } from './saved-session.js'
import { savedTicket } from './saved-ticket.js'
import type { SendTicket } from './send-ticket.js'
import type { SessionJournal } from './session-journal.js'

/** Where stanzas are in the journal: those that were written by their number in the session, those that wait by their place. */
export class JournalPlaces {
  /** Places of what is queued: from the first to before the next. */
  first: number
  next: number
  /** What is there, by us or by nobody who can read it. */
  readonly #taken: Set<number>
  readonly #journal: SessionJournal
  readonly #changed: () => void

  /**
   * @param changed called when the journal has to look at the session again
   * @param saved what an earlier client has left
   */
  constructor(journal: SessionJournal, changed: () => void, saved: Saved | undefined) {
    this.#journal = journal
    this.#changed = changed
    this.#taken = new Set([...(saved?.queued.map(({ place }) => place) ?? []), ...(saved?.unreadable ?? [])])
    this.first = saved?.session.first ?? 0
    this.next = saved?.session.next ?? 0
  }

  /** Keeps what stays in the queue; what was written at once is never queued in the journal. */
  park(queue: readonly SendTicket[]): void {
    const fresh: SendTicket[] = []
    for (let index = queue.length - 1; index >= 0; index--) {
      const ticket = queue[index] as SendTicket
      if (ticket.place !== undefined) break
      if (ticket.kind === 'message') fresh.push(ticket)
    }
    for (const ticket of fresh.reverse()) {
      this.#put(ticket, this.next++)
    }
    if (fresh.length > 0) void this.#journal.stored()
  }

  /** A stanza has a place in the queue: whoever hears that may rely on it, also if the process ends. */
  accept(ticket: SendTicket): void {
    if (!ticket.isAccepted) void this.#journal.stored().then(() => ticket.accept())
  }

  /** Gives a stanza a place before all others. */
  putBack(ticket: SendTicket): void {
    this.#put(ticket, --this.first)
  }

  /** Keeps what has changed about a stanza that waits. */
  keep(ticket: SendTicket): void {
    if (ticket.place === undefined) return
    this.#journal.queued(ticket.place, savedTicket(ticket))
    this.#changed()
  }

  /** A stanza does not wait any more. */
  free(ticket: SendTicket): void {
    if (ticket.place === undefined) return
    this.#journal.queued(ticket.place, undefined)
    this.#taken.delete(ticket.place)
    ticket.place = undefined
    // Or a long life would leave more and more empty places to look at.
    while (this.first < this.next && !this.#taken.has(this.first)) this.first++
    this.#changed()
  }

  /** A stanza is about to be written. @returns when it is stored */
  write(ticket: SendTicket, number: number): Promise<void> {
    if (ticket.kind === 'message') ticket.stamp ??= new Date()
    // Without its presence a session that another process goes on with would get no message.
    if (ticket.kind !== 'iq') this.#journal.written(number, savedTicket(ticket))
    this.free(ticket)
    this.#changed()
    return this.#journal.stored()
  }

  /** Forgets what was written as this number. */
  forget(number: number): void {
    this.#journal.written(number, undefined)
  }

  #put(ticket: SendTicket, place: number): void {
    ticket.place = place
    this.#taken.add(place)
    this.keep(ticket)
  }
}
