import type { XmlElement } from '@couplet/stanza'
import { ConnectionError } from './connection-error.js'
import type { AckSource, SendTicket } from './send-ticket.js'
import type { SavedStanza, SessionJournal } from './session-journal.js'
import type { StreamManagement } from './stream-management.js'
import { withDelay } from './with-delay.js'

/** What may wait to be written or acknowledged: stanzas, and UTF-16 units of their XML. */
const mostStanzas = 1000
const mostUnits = 8 * 1024 * 1024
/** Units handed to the connection and not yet taken by the network, beyond which writing waits. */
const mostBuffered = 1024 * 1024

/** Where stanzas go while there is a connection. */
export interface StanzaWriter {
  /** Sends one stanza, serialised for the default namespace `jabber:client`. */
  write(text: string): void
  /** Sends one element that is not a stanza. */
  sendElement(element: XmlElement): void
  /** What the connection below does about back-pressure; without it there is none. */
  readonly connection?: {
    readonly buffered: number
    drained(): Promise<void>
    pause(paused: boolean): void
  }
}

/** A connection with what acknowledges its stanzas. */
export interface Line {
  readonly writer: StanzaWriter
  readonly acks: AckSource
  /** With stream management what was written is kept until it is acknowledged. */
  readonly management?: StreamManagement | undefined
  /** The largest stanza the server takes, in bytes (XEP-0478). */
  readonly maxBytes?: number | undefined
}

/**
 * Everything that is sent, in order: what is written and not acknowledged, what is queued, and behind the bound what is
 * not accepted yet. Nothing leaves without an outcome.
 */
export class Outbox {
  journal: SessionJournal | undefined
  /** Places in the journal. */
  first = 0
  next = 0
  readonly #changed: () => void
  #unacked: SendTicket[] = []
  /** The number in the session of the first of them. */
  #number = 0
  readonly #idle: (() => void)[] = []
  #queue: SendTicket[] = []
  #overflow: SendTicket[] = []
  #units = 0
  #line: Line | undefined
  #isOpen = false
  #isDraining = false

  /** @param changed called when something the journal should know has changed */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed
  }

  /** Written in a session that is lost, and not known to be handled; in order. */
  get uncertain(): readonly SendTicket[] {
    return this.#queue.filter(({ uncertain }) => uncertain)
  }

  /** Whether somebody waits for the outcome of something that was written. */
  get isAwaited(): boolean {
    return this.#unacked.some(({ isAwaited }) => isAwaited)
  }

  /** Puts a stanza at the end, to be written when it is its turn. */
  add(ticket: SendTicket): void {
    if (this.#overflow.length > 0 || !this.#hasRoomFor(ticket)) this.#overflow.push(ticket)
    else this.#accept(ticket)
    this.#pump()
    this.#park()
  }

  /** There is a connection. What is queued waits for {@link open}. */
  connect(line: Line): void {
    this.#line = line
    this.#number = line.management?.acked ?? 0
    this.#isOpen = false
  }

  /** What is queued may leave. */
  open(): void {
    this.#isOpen = true
    this.#pump()
  }

  /** Writes a stanza now, before what is queued. @returns whether there is a connection */
  write(ticket: SendTicket): boolean {
    const line = this.#line
    if (line === undefined) return false
    if (line.maxBytes !== undefined && isLonger(ticket.text, line.maxBytes)) {
      ticket.fail(
        new ConnectionError('session', 'refused-stanza', `larger than the ${line.maxBytes} bytes the server takes`),
      )
      return true
    }
    ticket.accept()
    if (line.management === undefined) {
      line.writer.write(ticket.text)
      ticket.text = ''
      this.#unplace(ticket)
    } else {
      this.#writeManaged(ticket, line, line.management)
    }
    ticket.written(line.acks)
    return true
  }

  /** The oldest `count` of what was written are handled. */
  acknowledged(count: number): void {
    for (const ticket of this.#takeUnacked(count)) ticket.succeed()
    this.#changed()
    this.#pump()
    if (this.#unacked.length === 0) for (const wake of this.#idle.splice(0)) wake()
  }

  /** Resolves when everything that was written under stream management is acknowledged. */
  async acknowledgedAll(): Promise<void> {
    if (this.#unacked.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** The connection is gone; the session may go on. */
  disconnect(): void {
    this.#line = undefined
    this.#isOpen = false
  }

  /** The session goes on: what is not acknowledged is written again, in order, then what was queued. */
  resend(line: Line): void {
    this.#line = line
    const { length } = this.#unacked
    for (const ticket of this.#takeUnacked(length)) {
      if (ticket.text === '') continue // an IQ of a client that is no more
      if (ticket.kind === 'message' && ticket.stamp) ticket.text = withDelay(ticket.text, ticket.stamp)
      this.write(ticket)
    }
    this.#number = line.management?.acked ?? 0
    this.open()
  }

  /** The session is lost. Its messages wait until somebody finds out about them; the rest fails. */
  lose(reason: unknown): void {
    const written = this.#takeUnacked(this.#unacked.length)
    for (const ticket of written) if (ticket.kind !== 'message') ticket.fail(reason)
    const messages = written.filter(({ kind }) => kind === 'message')
    for (const ticket of messages.reverse()) this.#putBack(ticket)
    this.#changed()
  }

  /** It is known what became of a message: forgotten, or queued to be written again. */
  settle(ticket: SendTicket, fate: 'handled' | 'missing' | 'unknown'): void {
    if (fate === 'missing') {
      ticket.uncertain = false
      if (ticket.stamp) ticket.text = withDelay(ticket.text, ticket.stamp)
      this.#store(ticket)
      return
    }
    this.#remove(ticket)
    if (fate === 'handled') ticket.succeed()
    else
      ticket.fail(
        new ConnectionError('session', 'unacknowledged', 'the session was lost before the server confirmed it'),
      )
    this.#changed()
  }

  /** The server ends the stream over this stanza: it is not sent again. Only between two connections. */
  refuse(ticket: SendTicket): void {
    const index = this.#unacked.indexOf(ticket)
    if (index >= 0) {
      this.#unacked.splice(index, 1)
      this.#units -= ticket.text.length
    }
    this.#remove(ticket)
    ticket.fail(new ConnectionError('session', 'refused-stanza', 'the server ended the stream on receiving it'))
    this.#changed()
  }

  /** The first that would be written again. */
  get suspect(): SendTicket | undefined {
    return this.#unacked.find(({ text }) => text !== '') ?? this.#queue.find(({ stamp }) => stamp !== undefined)
  }

  /** Everything fails. */
  fail(reason: unknown): void {
    this.disconnect()
    const written = this.#takeUnacked(this.#unacked.length)
    for (const ticket of [...written, ...this.#queue.splice(0), ...this.#overflow.splice(0)]) {
      this.#unplace(ticket)
      ticket.fail(reason)
    }
    this.#units = 0
    for (const wake of this.#idle.splice(0)) wake()
  }

  /** What an earlier client has left; `number` is that of the first that is not acknowledged. */
  restore(unacked: readonly SendTicket[], queued: readonly SendTicket[], number: number): void {
    this.#unacked = [...unacked]
    this.#number = number
    this.#queue = [...queued, ...this.#queue]
    for (const ticket of [...unacked, ...queued]) {
      this.#units += ticket.text.length
      ticket.accept()
    }
    this.#park()
  }

  #writeManaged(ticket: SendTicket, line: Line, management: StreamManagement): void {
    const { journal } = this
    const number = management.sent
    this.#unacked.push(ticket)
    this.#units += ticket.text.length
    if (journal === undefined) {
      line.writer.write(ticket.text)
      management.wrote(ticket.kind === 'message')
      return
    }
    // Stored before it is written: a client that is killed must not forget what the server may have got.
    ticket.stamp ??= new Date()
    management.wrote(ticket.kind === 'message')
    if (ticket.kind === 'message') journal.written(number, saved(ticket))
    this.#unplace(ticket)
    this.#changed()
    const { text } = ticket
    void journal.stored().then(() => {
      if (this.#line === line) line.writer.write(text)
    })
  }

  /** Takes the oldest out of what is not acknowledged. */
  #takeUnacked(count: number): SendTicket[] {
    const taken = this.#unacked.splice(0, count)
    for (const ticket of taken) {
      this.#units -= ticket.text.length
      this.journal?.written(this.#number++, undefined)
    }
    return taken
  }

  #hasRoomFor({ text }: SendTicket): boolean {
    const count = this.#unacked.length + this.#queue.length
    return count === 0 || (count < mostStanzas && this.#units + text.length <= mostUnits)
  }

  #accept(ticket: SendTicket): void {
    this.#queue.push(ticket)
    this.#units += ticket.text.length
    ticket.accept()
  }

  #pump(): void {
    const line = this.#line
    for (;;) {
      while (this.#overflow[0] !== undefined && this.#hasRoomFor(this.#overflow[0])) {
        this.#accept(this.#overflow.shift() as SendTicket)
      }
      const [next] = this.#queue
      // What is uncertain holds up what comes after it: order is kept.
      if (next === undefined || line === undefined || !this.#isOpen || next.uncertain) return
      if ((line.writer.connection?.buffered ?? 0) > mostBuffered) {
        this.#waitForDrain(line)
        return
      }
      this.#queue.shift()
      this.#units -= next.text.length
      this.write(next)
    }
  }

  #waitForDrain(line: Line): void {
    if (this.#isDraining) return
    this.#isDraining = true
    void line.writer.connection?.drained().then(() => {
      this.#isDraining = false
      this.#pump()
    })
  }

  #putBack(ticket: SendTicket): void {
    ticket.uncertain = true
    ticket.unwritten()
    this.#queue.unshift(ticket)
    this.#units += ticket.text.length
    if (this.journal === undefined) return
    ticket.place = --this.first
    this.#store(ticket)
  }

  #remove(ticket: SendTicket): void {
    const index = this.#queue.indexOf(ticket)
    if (index < 0) return
    this.#queue.splice(index, 1)
    this.#units -= ticket.text.length
    this.#unplace(ticket)
  }

  /** Keeps what stays in the queue; what was written at once is never queued in the journal. */
  #park(): void {
    if (this.journal === undefined) return
    const fresh: SendTicket[] = []
    for (let index = this.#queue.length - 1; index >= 0; index--) {
      const ticket = this.#queue[index] as SendTicket
      if (ticket.place !== undefined) break
      if (ticket.kind === 'message') fresh.push(ticket)
    }
    for (const ticket of fresh.reverse()) {
      ticket.place = this.next++
      this.#store(ticket)
    }
    if (fresh.length > 0) void this.journal.stored()
  }

  #store(ticket: SendTicket): void {
    if (ticket.place === undefined) return
    this.journal?.queued(ticket.place, saved(ticket))
    this.#changed()
  }

  #unplace(ticket: SendTicket): void {
    if (ticket.place === undefined) return
    this.journal?.queued(ticket.place, undefined)
    ticket.place = undefined
  }
}

const saved = ({ id, text, stamp, uncertain, deaths }: SendTicket): SavedStanza => ({
  id,
  text,
  ...(stamp && { stamp: stamp.getTime() }),
  ...(uncertain && { uncertain }),
  ...(deaths > 0 && { deaths }),
})

/** Whether a text has more bytes in UTF-8. */
function isLonger(text: string, bytes: number): boolean {
  if (text.length * 3 <= bytes) return false
  return text.length > bytes || new TextEncoder().encode(text).length > bytes
}
