import { ConnectionError } from './connection-error.js'
import { Fifo } from './fifo.js'
import { InFlight } from './in-flight.js'
import type { JournalPlaces } from './journal-places.js'
import type { Line } from './line.js'
import type { SendTicket } from './send-ticket.js'
import type { StreamManagement } from './stream-management.js'

/** What may wait to be written or acknowledged: stanzas, and bytes of their XML. */
const mostStanzas = 1000
const mostBytes = 8 * 1024 * 1024
/**
 * Bytes on their way to the server, beyond which writing waits for an acknowledgement. The question lies behind them: a
 * server that takes 3 KB/s gets to it within 22 s, and is not dead.
 */
const mostInFlight = 64 * 1024
/** Units handed to the connection and not yet taken by the network, beyond which writing waits. */
const mostBuffered = 1024 * 1024
/** Bytes of the namespace that a stanza has in a frame of its own (RFC 7395 §3.3.3). */
const framing = 22

/**
 * Everything that is sent, in order: what is written and not acknowledged, what is queued, and behind the bound what is
 * not accepted yet. Nothing leaves without an outcome.
 */
export class Outbox {
  /** Where everything is in the journal, if there is one. */
  places: JournalPlaces | undefined
  /** Begins to find out where, as long as nobody knows: until then nobody can rely on a place in the queue. */
  takeOver: (() => void) | undefined
  readonly #changed: () => void
  readonly #inFlight = new InFlight((number) => this.places?.forget(number))
  readonly #idle: (() => void)[] = []
  #queue: SendTicket[] = []
  readonly #overflow = new Fifo<SendTicket>()
  /** Of the queue. */
  #bytes = 0
  #line: Line | undefined
  #isOpen = false
  /** The connection that has to get rid of something first. */
  #draining: Line | undefined

  /** @param changed called when something the journal should know has changed */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed
  }

  /** Bytes on their way to the server, as far as it has not said that it has them. */
  get inFlight(): number {
    return this.#inFlight.bytes
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
    this.places?.park(this.#queue)
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
    const room =
      (line.maxBytes ?? Number.POSITIVE_INFINITY) - ticket.bytes - (line.writer.connection?.framed ? framing : 0)
    if (room < 0) {
      this.places?.free(ticket)
      ticket.fail(
        new ConnectionError('session', 'refused-stanza', `larger than the ${line.maxBytes} bytes the server takes`),
      )
      return true
    }
    this.#keep(ticket)
    const text = line.textOf(ticket, room)
    if (line.management === undefined) {
      line.writer.write(text)
      ticket.forget()
      this.places?.free(ticket)
      ticket.written(line.acks)
    } else {
      this.#writeManaged(ticket, text, line, line.management)
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
      if (ticket.text !== '') this.write(ticket) // not an IQ of a client that is no more
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
      this.places?.keep(ticket)
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
    // With a connection, what is in flight was written in this session: none of it was there when the other stream ended.
    const lost = this.#line === undefined ? this.#inFlight.tickets.find(({ text }) => text !== '') : undefined
    return lost ?? this.#queue.find(({ stamp }) => stamp !== undefined)
  }

  /** Everything fails, but what an earlier client has left stays in the journal for the next one: nobody would hear of it. */
  fail(reason: unknown): void {
    this.disconnect()
    this.lose(reason)
    for (const ticket of [...this.#queue.splice(0), ...this.#overflow.takeAll()]) {
      if (ticket.isRestored) continue
      this.places?.free(ticket)
      ticket.fail(reason)
    }
    this.#bytes = 0
    for (const wake of this.#idle.splice(0)) wake()
  }

  /** What an earlier client has left; `number` is that of the first that is not acknowledged. */
  restore(unacked: readonly SendTicket[], queued: readonly SendTicket[], number: number): void {
    this.#inFlight.restore(unacked, number)
    this.#queue = [...queued, ...this.#queue]
    for (const { bytes } of queued) this.#bytes += bytes
    for (const ticket of [...unacked, ...queued]) {
      ticket.isRestored = true
      ticket.accept()
    }
  }

  /** It is known where everything is kept, if anywhere: what has waited for that gets its place there. */
  keepIn(places: JournalPlaces | undefined): void {
    this.places = places
    this.takeOver = undefined
    for (const ticket of this.#queue) this.#keep(ticket)
    places?.park(this.#queue)
  }

  #writeManaged(ticket: SendTicket, text: string, line: Line, management: StreamManagement): void {
    const number = management.count()
    this.#inFlight.add(ticket)
    const send = (): void => {
      line.writer.write(text)
      management.wrote(ticket.kind === 'message')
      ticket.written(line.acks)
    }
    const stored = this.places?.write(ticket, number)
    if (stored === undefined) send()
    // Stored before it is written: a client that is killed must not forget what the server may have got.
    else void stored.then(() => this.#line === line && send())
  }

  #hasRoomFor({ bytes }: SendTicket): boolean {
    const count = this.#inFlight.length + this.#queue.length
    return count === 0 || (count < mostStanzas && this.inFlight + this.#bytes + bytes <= mostBytes)
  }

  #accept(ticket: SendTicket): void {
    this.#queue.push(ticket)
    this.#bytes += ticket.bytes
    this.#keep(ticket)
  }

  #keep(ticket: SendTicket): void {
    if (this.places !== undefined) this.places.accept(ticket)
    else if (this.takeOver !== undefined) this.takeOver()
    else ticket.accept()
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
      if (this.#inFlight.length > 0 && this.inFlight + next.bytes > mostInFlight) {
        line.management?.ask()
        return
      }
      this.#queue.shift()
      this.#bytes -= next.bytes
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
    this.#bytes += ticket.bytes
    this.places?.putBack(ticket)
  }

  #remove(ticket: SendTicket): void {
    const index = this.#queue.indexOf(ticket)
    if (index < 0) return
    this.#queue.splice(index, 1)
    this.#bytes -= ticket.bytes
    this.places?.free(ticket)
  }
}
