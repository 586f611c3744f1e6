import { type FullJid, type Infer, Jid, type StreamError, serialize, type XmlElement } from '@couplet/stanza'
import type { ConnectionError } from './connection-error.js'
import type { Enabled } from './elements.js'
import { InboundLedger } from './inbound-ledger.js'
import { JournalPlaces } from './journal-places.js'
import type { Resumption } from './login.js'
import type { Outbox } from './outbox.js'
import { featuresOf } from './saved-features.js'
import type { Saved, SavedSession } from './saved-session.js'
import { savedTickets } from './saved-ticket.js'
import type { SessionJournal } from './session-journal.js'
import { StreamManagement } from './stream-management.js'

/** Streams that the server may end over a stanza before it is given up. */
const mostDeaths = 2

/** What continuity needs of the session. */
export interface ContinuedSession {
  /** The full JID, if there is a session. */
  jid(): FullJid | undefined
  /** Sends an element that is not a stanza. */
  send(element: XmlElement): void
}

/** Keeps a session alive beyond its stream: stream management, what was received, and the journal that outlasts the process. */
export class SessionContinuity {
  /** Stream management of the session, while it has some. */
  management: StreamManagement | undefined
  /** What was received under stream management. */
  ledger: InboundLedger | undefined
  readonly #outbox: Outbox
  readonly #session: ContinuedSession
  readonly #unsent: (text: string, error: ConnectionError) => void
  #dead: () => void = () => {}
  #journal: SessionJournal | undefined
  #places: JournalPlaces | undefined
  /** The JID of a session that was stored. */
  #storedJid: FullJid | undefined
  /** What the server offered to that session. */
  storedFeatures: XmlElement | undefined
  /** Handled stanzas that the journal knows about, without which they must not be acknowledged. */
  #kept = 0
  #isSuspected = false
  /** Whether the server has said how many stanzas of the lost session it had handled. */
  #isCounted = false
  /** Whether plugins and contacts know of the session. One that was lost before that is not worth going on with. */
  #isBegun = false
  /** How many stanzas the server is told that we have handled, when it resumes the session. */
  #claimed = 0
  #left: Promise<void> | undefined

  /** @param unsent told of a message that an earlier process has left, when it is given up */
  constructor(
    outbox: Outbox,
    session: ContinuedSession,
    unsent: (text: string, error: ConnectionError) => void = () => {},
  ) {
    this.#outbox = outbox
    this.#session = session
    this.#unsent = unsent
  }

  /** From now on everything is kept in the journal; takes over what an earlier client has left there, unless aborted. */
  async use(journal: SessionJournal, signal: AbortSignal): Promise<void> {
    const saved = await journal.load()
    if (signal.aborted) return
    this.#journal = journal
    this.#places = new JournalPlaces(journal, () => this.changed(), saved)
    if (saved !== undefined) this.#restore(saved, this.#places)
    this.#outbox.keepIn(this.#places)
  }

  /** A new session begins, with stream management or without. */
  start(
    enabled: Infer<typeof Enabled> | undefined,
    dead: () => void,
    features?: XmlElement,
  ): StreamManagement | undefined {
    this.#dead = dead
    this.#journal?.offered(features && serialize(features))
    this.#storedJid = undefined
    this.#isBegun = false
    this.#kept = 0
    this.ledger = enabled && new InboundLedger()
    this.management = enabled && this.#newManagement(enabled)
    this.changed()
    return this.management
  }

  /** Everything that belongs to the beginning of the session is done. */
  begin(): void {
    this.#isBegun = true
    this.changed()
  }

  /** The session is about to end: from its goodbye on nobody goes on with it. */
  leave(): void {
    this.#isBegun = false
    this.changed()
  }

  /** The session goes on. @returns the error with which the stream must end if `h` cannot be */
  resume(h: number, dead: () => void): StreamManagement | StreamError | undefined {
    this.#dead = dead
    const { management } = this
    const error = management?.acknowledge(h)
    if (error !== undefined) return error
    this.#convict()
    this.#kept = Math.max(this.#kept, this.#claimed)
    management?.resume()
    return management
  }

  /** The server would not resume, but said how many stanzas it had handled. */
  acknowledgeLast(h: number): void {
    // A number that cannot be is no news.
    this.#isCounted = this.management !== undefined && this.management.acknowledge(h) === undefined
  }

  /** The connection is gone. */
  suspend(): void {
    this.management?.suspend()
  }

  /** The session is over; its messages wait to be found out about. */
  end(reason: unknown): void {
    this.management?.suspend()
    this.management = undefined
    this.ledger = undefined
    this.#storedJid = undefined
    this.storedFeatures = undefined
    this.#outbox.lose(reason, this.#isCounted)
    this.#isCounted = false
  }

  /** Nothing is left to go on with: the journal is told, and then it may be somebody else's. */
  forget(): void {
    const journal = this.#journal
    if (journal === undefined) return
    this.changed()
    this.#left = journal.finished()
    this.#journal = undefined
    this.#outbox.places = undefined
  }

  /** Resolves when the journal knows that nothing is left. */
  async left(): Promise<void> {
    await this.#left
  }

  /** The server ended the stream over what we sent: what it would have handled next is under suspicion. */
  suspect(): void {
    this.#isSuspected = true
  }

  /** It is known what the server has handled: a suspect that ends streams is not sent again. */
  convict(): void {
    this.#convict()
  }

  /** Whether another stream may take the session over. */
  get isResumable(): boolean {
    return this.#resumable() !== undefined
  }

  /** The session for another stream to take over: what is handled from now on, the server will not have been told. */
  resumption(): Resumption | undefined {
    const resumable = this.#resumable()
    if (resumable === undefined) return undefined
    const handled = this.ledger?.resuming() ?? 0
    this.#claimed = handled
    return { ...resumable, handled: () => handled % 2 ** 32 }
  }

  /** The full JID of a session that was stored; until it is resumed, nobody else knows it. */
  get storedJid(): FullJid | undefined {
    return this.#storedJid
  }

  /** Where the server wants the session to be resumed. */
  get location(): string | undefined {
    return this.management?.enabled.location
  }

  /** Resolves when the journal knows everything. */
  async stored(): Promise<void> {
    this.changed()
    await this.#journal?.stored()
  }

  /** Delivers a stanza, which counts under stream management. */
  deliver(element: XmlElement, route: () => Promise<void> | undefined): void {
    const { ledger } = this
    if (ledger === undefined) {
      route()
      return
    }
    const receipt = ledger.receive(element)
    if (receipt === undefined) {
      this.#recordHandled() // sent again while its handlers were running
      return
    }
    const done = (): void => {
      if (ledger.done(receipt) && ledger === this.ledger) this.#recordHandled()
    }
    const running = route()
    if (running === undefined) done()
    else void running.then(done)
  }

  /** Takes an element of stream management. @returns why the stream must end, if it must */
  take(element: XmlElement): StreamError | undefined {
    return this.management?.take(element)
  }

  /** Something that the journal keeps has changed. */
  changed(): void {
    this.#journal?.touch(() => this.#save())
  }

  #resumable(): Omit<Resumption, 'handled'> | undefined {
    const jid = this.#session.jid() ?? this.#storedJid
    const { id, resume } = this.management?.enabled ?? {}
    return this.#isBegun && resume && id !== undefined && jid !== undefined ? { previd: id, jid } : undefined
  }

  #newManagement(enabled: Infer<typeof Enabled>, start?: { sent: number; acked: number; handled: number }) {
    const managed = {
      send: (element: XmlElement) => this.#session.send(element),
      handled: () => (this.#journal === undefined ? (this.ledger?.handled ?? 0) : this.#kept),
      acknowledged: (count: number) => this.#outbox.acknowledged(count),
      inFlight: () => this.#outbox.inFlight,
      dead: () => this.#dead(),
    }
    return new StreamManagement(enabled, managed, start)
  }

  #recordHandled(): void {
    const { ledger, management } = this
    if (this.#journal === undefined) {
      management?.handled()
      return
    }
    const handled = ledger?.handled ?? 0
    this.changed()
    void this.#journal.stored().then(() => {
      if (ledger !== this.ledger) return
      this.#kept = Math.max(this.#kept, handled)
      management?.handled()
    })
  }

  #convict(): void {
    if (!this.#isSuspected) return
    this.#isSuspected = false
    const { suspect } = this.#outbox
    if (suspect !== undefined && ++suspect.deaths >= mostDeaths) this.#outbox.refuse(suspect)
  }

  #save(): SavedSession {
    const { enabled, sent = 0, acked = 0 } = this.management ?? {}
    const { first = 0, next = 0 } = this.#places ?? {}
    const counters = { handled: this.ledger?.handled ?? 0, sent, acked, first, next }
    if (!enabled?.resume || !this.#isBegun) return counters
    const { id, location, max } = enabled
    return { ...counters, id, location, max, jid: String(this.#session.jid() ?? this.#storedJid) }
  }

  #restore(saved: Saved, places: JournalPlaces): void {
    const { id, location, max, sent, acked, handled, ...session } = saved.session
    const jid = session.jid === undefined ? undefined : Jid.tryParse(session.jid)
    const { unacked, queued } = savedTickets(saved, this.#unsent)
    this.#outbox.places = places
    this.#outbox.restore(unacked, queued, acked)
    if (id === undefined || !jid?.isFull()) {
      this.#outbox.lose(undefined)
      return
    }
    this.#storedJid = jid as FullJid
    this.storedFeatures = featuresOf(saved.features)
    this.#isBegun = true
    this.#kept = handled
    this.ledger = new InboundLedger(handled)
    this.management = this.#newManagement({ id, resume: true, location, max }, { sent, acked, handled })
    this.management.suspend()
  }
}
