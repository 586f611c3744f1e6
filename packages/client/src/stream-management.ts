import { type Infer, readElement, StreamError, type XmlElement, xml } from '@couplet/stanza'
import { Ack, AckRequest, type Enabled, NS_SM } from './elements.js'
import type { AckSource, SendTicket } from './send-ticket.js'

/** Stanzas after which an acknowledgement is asked for, and milliseconds after a message when there are fewer. */
const askEvery = 5
const askAfter = 250
/** Milliseconds until an unanswered `<r/>` means that the connection is dead, besides those that what lies before it takes. */
const answerLimit = 30_000
/** Bytes a millisecond that a link takes at least. */
const slowest = 3
/** Handled stanzas, and milliseconds, after which they are acknowledged without being asked. */
const tellEvery = 50
const tellAfter = 30_000
const modulus = 2 ** 32

/** What stream management needs of the session it manages. */
export interface Managed {
  /** Sends an element that is not a stanza. */
  send(element: XmlElement): void
  /** How many stanzas were handled; asked when an acknowledgement leaves. */
  handled(): number
  /** The oldest `count` stanzas that were written are handled by the server. */
  acknowledged(count: number): void
  /** Bytes of those that were written and are not handled; without it they are few. */
  inFlight?(): number
  /** The server does not answer any more. */
  dead(): void
}

/** Stream management of one session over all its streams (XEP-0198): the counters, and when to ask and to tell. */
export class StreamManagement implements AckSource {
  /** What the server said when it was switched on. */
  readonly enabled: Infer<typeof Enabled>
  readonly #managed: Managed
  /** Stanzas counted in this session, and how many of them the server has handled: beyond 2³², as ever growing numbers. */
  #sent: number
  #acked: number
  /** Those that are written, not just about to be. */
  #written: number
  /** Stanzas written since the last `<r/>`. */
  #unasked = 0
  /** An `<r/>` has no answer yet. */
  #isAsked = false
  #askAgain = false
  /** Nothing is read, so that no answer can come. */
  #isPaused = false
  #answer: Timer
  #ask: Timer
  #tell: Timer
  /** What the last `<a/>` said. */
  #told: number
  #isOpen = true

  /** @param start the counters of a session that was stored */
  constructor(enabled: Infer<typeof Enabled>, managed: Managed, start = { sent: 0, acked: 0, handled: 0 }) {
    this.enabled = enabled
    this.#managed = managed
    this.#sent = start.sent
    this.#acked = start.acked
    this.#written = start.acked
    this.#told = start.handled
  }

  /** Stanzas written in this session. */
  get sent(): number {
    return this.#sent
  }

  /** Those that the server has handled. */
  get acked(): number {
    return this.#acked
  }

  /** Milliseconds that a slow link may take to get what is on its way, before the server can answer. */
  get allowance(): number {
    return (this.#managed.inFlight?.() ?? 0) / slowest
  }

  /** A stanza is about to be written. @returns its number, from 0 */
  count(): number {
    return this.#sent++
  }

  /** A stanza was written; `soon` for one whose acknowledgement somebody may wait for. */
  wrote(soon: boolean): void {
    this.#written++
    this.#unasked++
    if (!this.#isOpen) return
    if (this.#unasked >= askEvery) this.ask()
    else if (soon && !this.#isAsked) this.#ask ??= timer(() => this.ask(), askAfter)
  }

  /** Asks how far the server is, unless it has yet to answer that. */
  ask(): void {
    if (!this.#isOpen) return
    if (this.#isAsked) {
      this.#askAgain = true
      return
    }
    this.#ask = clear(this.#ask)
    this.#unasked = 0
    this.#isAsked = true
    this.#askAgain = false
    this.#awaitAnswer()
    this.#managed.send(AckRequest())
  }

  /** Nothing is read for a while, or it is again: only then silence means something. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#awaitAnswer()
  }

  confirm(_ticket: SendTicket): void {
    this.ask()
  }

  /** Takes an element of stream management. @returns why the stream must end, if it must */
  take(element: XmlElement): StreamError | undefined {
    if (AckRequest.matches(element)) this.tell()
    else if (Ack.matches(element)) return this.#acknowledged(element)
    else return new StreamError({ condition: 'policy-violation', text: 'stream management is negotiated already' })
    return undefined
  }

  /** The server has handled `h` stanzas, modulo 2³². @returns why the stream must end, if that cannot be */
  acknowledge(h: number): StreamError | undefined {
    const count = (h - (this.#acked % modulus) + modulus) % modulus
    // One that goes back is, modulo 2³², far too high as well.
    if (h >= modulus || count > this.#sent - this.#acked) return tooHigh(h, this.#sent)
    this.#acked += count
    if (count > 0) this.#managed.acknowledged(count)
    return undefined
  }

  /** A stanza was handled: acknowledged without being asked, from time to time. */
  handled(): void {
    if (!this.#isOpen) return
    if (this.#managed.handled() - this.#told >= tellEvery) this.tell()
    else this.#tell ??= timer(() => this.tell(), tellAfter)
  }

  /** Says how many stanzas were handled. */
  tell(): void {
    if (!this.#isOpen) return
    this.#tell = clear(this.#tell)
    this.#told = this.#managed.handled()
    this.#managed.send(Ack({ h: this.#told % modulus }))
  }

  /** The stream is gone; the session may go on in another one. */
  suspend(): void {
    this.#isOpen = false
    this.#askAgain = false
    this.#isAsked = false
    this.#isPaused = false
    this.#ask = clear(this.#ask)
    this.#answer = clear(this.#answer)
    this.#tell = clear(this.#tell)
  }

  /** The session goes on. What is not acknowledged is about to be written again, and counted again. */
  resume(): void {
    this.#isOpen = true
    this.#unasked = 0
    this.#sent = this.#acked
    this.#written = this.#acked
    this.#told = this.#managed.handled()
  }

  #acknowledged(element: XmlElement): StreamError | undefined {
    const ack = readElement(Ack, element)
    if (!ack.ok) return new StreamError({ condition: 'bad-format', text: 'an acknowledgement without a count' })
    this.#isAsked = false
    this.#awaitAnswer()
    const error = this.acknowledge(ack.value.h)
    if (error !== undefined || this.#written <= this.#acked) return error
    if (this.#askAgain || this.#unasked >= askEvery) this.ask()
    else this.#ask ??= timer(() => this.ask(), askAfter)
    return undefined
  }

  #awaitAnswer(): void {
    this.#answer = clear(this.#answer)
    if (this.#isAsked && !this.#isPaused) this.#answer = timer(() => this.#managed.dead(), answerLimit + this.allowance)
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined

const timer = (code: () => void, ms: number): Timer => setTimeout(code, ms)

function clear(running: Timer): undefined {
  clearTimeout(running)
  return undefined
}

/** XEP-0198 §6. */
function tooHigh(h: number, sent: number): StreamError {
  const counts = { h: String(h), 'send-count': String(sent % modulus) }
  return new StreamError({
    condition: 'undefined-condition',
    text: 'more stanzas are acknowledged than were sent',
    detail: xml(NS_SM, 'handled-count-too-high', counts),
  })
}
