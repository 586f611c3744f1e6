import type { XmlElement } from '@couplet/stanza'
import { ConnectionError } from './connection-error.js'
import { Fifo } from './fifo.js'
import { InFlight } from './in-flight.js'
import { isLonger } from './is-longer.js'
import { JournalPlaces } from './journal-places.js'
import type { AckSource, SendTicket } from './send-ticket.js'
import type { StreamManagement } from './stream-management.js'
import { withDelay } from './with-delay.js'

/** What may wait to be written or acknowledged: stanzas, and UTF-16 units of their XML. */
const mostStanzas = 1000
const mostUnits = 8 * 1024 * 1024
/**
 * Units on their way to the server, beyond which writing waits for an acknowledgement. The question lies behind them: a
 * server that takes 3 KB/s gets to it within 22 s, and is not dead.
 */
const mostInFlight = 64 * 1024
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
  /** Where everything is in the journal, if there is one. */
  readonly places: JournalPlaces
  readonly #changed: () => void
  readonly #inFlight: InFlight
  readonly #idle: (() => void)[] = []
  #queue: SendTicket[] = []
  readonly #overflow = new Fifo<SendTicket>()
  #units = 0
  #line: Line | undefined
  #isOpen = false
  /** The connection that has to get rid of something first. */
  #draining: Line | undefined

  /** @param changed called when something the journal should know has changed */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed
    this.places = new JournalPlaces(changed)
    this.#inFlight = new InFlight(this.places)
  }

  /** Written in a session that is lost, and not known to be handled; in order. */
  get uncertain(): readonly SendTicket[] {
    return this.#queue.filter(({ uncertain }) => uncertain)
  }

  /** Whether somebody waits for what only the server can bring about: an outcome, or a place in the queue. */
  get isAwaited(): boolean {
    return [this.#inFlight.tickets, this.#queue, [...this.#overflow]].some((list) =>
      list.some(({ isAwaited }) => isAwaited),
    )
  }

  /** Puts a stanza at the end, to be written when it is its turn. */
  add(ticket: SendTicket): void {
    if (this.#overflow.length > 0 || !this.#hasRoomFor(ticket)) this.#overflow.push(ticket)
    else this.#accept(ticket)
    this.#pump()
    this.places.park(this.#queue)
  }

  /** There is a connection. What is queued waits for {@link open}. */
  connect(line: Line): void {
    this.#line = line
    this.#inFlight.number = line.management?.acked ?? 0
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
      this.places.free(ticket)
      ticket.fail(
        new ConnectionError('session', 'refused-stanza', `larger than the ${line.maxBytes} bytes the server takes`),
      )
      return true
    }
    this.places.accept(ticket)
    if (line.management === undefined) {
      line.writer.write(ticket.text)
      ticket.text = ''
      this.places.free(ticket)
      ticket.written(line.acks)
    } else {
      this.#writeManaged(ticket, line, line.management)
    }
    return true
  }

  /** The oldest `count` of what was written are handled. */
  acknowledged(count: number): void {
    for (const ticket of this.#inFlight.take(count)) ticket.succeed()
    this.#changed()
    this.#pump()
    if (this.#inFlight.length === 0) for (const wake of this.#idle.splice(0)) wake()
  }

  /** Resolves when everything that was written under stream management is acknowledged. */
  async acknowledgedAll(): Promise<void> {
    if (this.#inFlight.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** The connection is gone; the session may go on. */
  disconnect(): void {
    this.#line = undefined
    this.#isOpen = false
  }

  /** The session goes on: what is not acknowledged is written again, in order, then what was queued. */
  resend(line: Line): void {
    this.#line = line
    for (const ticket of this.#inFlight.take()) {
      if (ticket.text === '') continue // an IQ of a client that is no more
      if (ticket.kind === 'message' && ticket.stamp) ticket.text = withDelay(ticket.text, ticket.stamp)
      this.write(ticket)
    }
    this.#inFlight.number = line.management?.acked ?? 0
    this.open()
  }

  /** The session is lost. Its messages wait until somebody finds out about them; the rest fails. */
  lose(reason: unknown, isCounted = false): void {
    const written = this.#inFlight.take()
    for (const ticket of written) if (ticket.kind !== 'message') ticket.fail(reason)
    const messages = written.filter(({ kind }) => kind === 'message')
    for (const ticket of messages.reverse()) {
      ticket.isUnhandled = isCounted
      this.#putBack(ticket)
    }
    this.#changed()
  }

  /** It is known what became of a message: forgotten, or queued to be written again. */
  settle(ticket: SendTicket, fate: 'handled' | 'missing' | 'unknown'): void {
    if (fate === 'missing') {
      ticket.uncertain = false
      if (ticket.stamp) ticket.text = withDelay(ticket.text, ticket.stamp)
      this.places.keep(ticket)
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
    this.#inFlight.remove(ticket)
    this.#remove(ticket)
    ticket.fail(new ConnectionError('session', 'refused-stanza', 'the server ended the stream on receiving it'))
    this.#changed()
  }

  /** The first that would be written again. */
  get suspect(): SendTicket | undefined {
    return (
      this.#inFlight.tickets.find(({ text }) => text !== '') ?? this.#queue.find(({ stamp }) => stamp !== undefined)
    )
  }

  /** Everything fails. */
  fail(reason: unknown): void {
    this.disconnect()
    const written = this.#inFlight.take()
    for (const ticket of [...written, ...this.#queue.splice(0), ...this.#overflow.takeAll()]) {
      this.places.free(ticket)
      ticket.fail(reason)
    }
    this.#units = 0
    for (const wake of this.#idle.splice(0)) wake()
  }

  /** What an earlier client has left; `number` is that of the first that is not acknowledged. */
  restore(unacked: readonly SendTicket[], queued: readonly SendTicket[], number: number): void {
    this.#inFlight.restore(unacked, number)
    this.#queue = [...queued, ...this.#queue]
    for (const { text } of queued) this.#units += text.length
    for (const ticket of [...unacked, ...queued]) ticket.accept()
    this.places.park(this.#queue)
  }

  #writeManaged(ticket: SendTicket, line: Line, management: StreamManagement): void {
    const number = management.count()
    const { text } = ticket
    this.#inFlight.add(ticket)
    const send = (): void => {
      line.writer.write(text)
      management.wrote(ticket.kind === 'message')
      ticket.written(line.acks)
    }
    const stored = this.places.write(ticket, number)
    if (stored === undefined) send()
    // Stored before it is written: a client that is killed must not forget what the server may have got.
    else void stored.then(() => this.#line === line && send())
  }

  #hasRoomFor({ text }: SendTicket): boolean {
    const count = this.#inFlight.length + this.#queue.length
    const units = this.#inFlight.units + this.#units
    return count === 0 || (count < mostStanzas && units + text.length <= mostUnits)
  }

  #accept(ticket: SendTicket): void {
    this.#queue.push(ticket)
    this.#units += ticket.text.length
    this.places.accept(ticket)
  }

  #pump(): void {
    const line = this.#line
    for (;;) {
      while (this.#overflow.first !== undefined && this.#hasRoomFor(this.#overflow.first)) {
        this.#accept(this.#overflow.shift() as SendTicket)
      }
      const [next] = this.#queue
      // What is uncertain holds up what comes after it: order is kept.
      if (next === undefined || line === undefined || !this.#isOpen || next.uncertain) return
      if ((line.writer.connection?.buffered ?? 0) > mostBuffered) {
        this.#waitForDrain(line)
        return
      }
      if (this.#inFlight.length > 0 && this.#inFlight.units + next.text.length > mostInFlight) {
        line.management?.ask()
        return
      }
      this.#queue.shift()
      this.#units -= next.text.length
      this.write(next)
    }
  }

  #waitForDrain(line: Line): void {
    if (this.#draining === line) return
    this.#draining = line
    void line.writer.connection?.drained().then(() => {
      if (this.#draining === line) this.#draining = undefined
      this.#pump()
    })
  }

  #putBack(ticket: SendTicket): void {
    ticket.uncertain = true
    ticket.unwritten()
    this.#queue.unshift(ticket)
    this.#units += ticket.text.length
    this.places.putBack(ticket)
  }

  #remove(ticket: SendTicket): void {
    const index = this.#queue.indexOf(ticket)
    if (index < 0) return
    this.#queue.splice(index, 1)
    this.#units -= ticket.text.length
    this.places.free(ticket)
  }
}
