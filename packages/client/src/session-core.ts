import {
  type BareJid,
  type ElementDef,
  type FullJid,
  type IqProcedure,
  type Jid,
  type Message,
  NS_CLIENT,
  type Presence,
  type StreamError,
  serialize,
  type XmlElement,
} from '@couplet/stanza'
import { type Addressing, answerTo, clientAddressing } from './addressing.js'
import { Announcement } from './announcement.js'
import { ConnectionError } from './connection-error.js'
import { Emitter } from './events.js'
import { Handlers, listen } from './handlers.js'
import { checkSender, InboundMessage, type Provenance } from './inbound-message.js'
import type { AddressedRequest } from './iq-service.js'
import type { StanzaWriter } from './line.js'
import type { MessageHold } from './message-hold.js'
import { Outbox } from './outbox.js'
import type { InboundRequest } from './plugin.js'
import { randomId } from './random-id.js'
import type { ReadingBrake } from './reading-brake.js'
import { SendTicket } from './send-ticket.js'
import type { Handled, SendHandle, Session, StanzaFilter } from './session.js'
import type { SessionContinuity } from './session-continuity.js'
import type { SessionLink } from './session-link.js'
import type { SessionCoreOptions, StreamOffer } from './stream-offer.js'
import { Subscription } from './subscription.js'

/**
 * A session without its stream: what is sent and received, the requests and their answers, and the handlers. The client
 * attaches a connection to it and takes it away again; tests attach themselves.
 *
 * @internal
 */
export class SessionCore implements Session {
  account: BareJid
  readonly events = new Emitter()
  /** What the server offered to this session. */
  serverFeatures: XmlElement | undefined
  /** Whether the session has begun: from {@link begin} to {@link detach}. */
  isOnline = false
  /** Everything that is sent. */
  readonly outbox: Outbox
  /** The same listeners for plugins, whose handlers are protocol: they do not wait for those of the application. */
  readonly atOnce: Pick<SessionCore, 'onMessage' | 'onPresence'>
  /** How it is called, and what is for it. */
  readonly addressing: Addressing
  readonly #handlers = new Handlers()
  readonly #requestTimeout: number
  #jid: FullJid | undefined
  #writer: StanzaWriter | undefined
  /** What it takes to have a connection; missing until {@link equip}. */
  #link: SessionLink | undefined
  /** Why there will be no connection any more, if so. */
  closed: ConnectionError | undefined
  /** What its presences say. */
  readonly announcement = new Announcement(this.events, (told) => this.isOnline && !!this.send(told))
  /** What somebody waits for may lie behind what is not read. */
  readonly #awaited = (): void => this.#link?.brake.check()

  constructor({ account, requestTimeout = 60_000, addressing = clientAddressing }: SessionCoreOptions) {
    this.account = account
    this.addressing = addressing
    this.#requestTimeout = requestTimeout
    this.outbox = new Outbox(() => this.#link?.continuity.changed())
    this.atOnce = {
      onMessage: (...args) => listen(this.#handlers.messages, true, ...args),
      onPresence: (...args) => listen(this.#handlers.presences, true, ...args),
    }
  }

  get jid(): Jid {
    return this.#jid ?? this.account
  }

  /** Gives it what it needs to have a connection, once: a page shows something before that is loaded. */
  equip(Link: typeof SessionLink): void {
    this.#link ??= new Link(this, this.#handlers, {
      requestTimeout: this.#requestTimeout,
      jid: () => this.#jid,
      send: (element) => this.#writer?.sendElement(element),
    })
  }

  /** What lets the session go on in another stream, or another process. Only after {@link equip}. */
  get continuity(): SessionContinuity {
    return this.#equipped.continuity
  }

  /** Stops reading while too much waits for the application. Only after {@link equip}. */
  get brake(): ReadingBrake {
    return this.#equipped.brake
  }

  get #equipped(): SessionLink {
    if (this.#link === undefined) throw new TypeError('the session is not equipped for a connection')
    return this.#link
  }

  /** A new session is set up; what was queued meanwhile waits for {@link begin}. */
  attach(writer: StanzaWriter, jid: FullJid, offer: StreamOffer = {}): void {
    this.#connect(writer, offer)
    this.#jid = jid
    this.account = jid.bare
    this.outbox.connect({ writer, ...this.#equipped.start(offer), maxBytes: offer.maxBytes })
  }

  /**
   * The session goes on in a new stream: what the server has not handled is sent again, then what was queued.
   *
   * @param h how many stanzas the server has handled
   * @returns why the stream must end, if that cannot be
   */
  resume(writer: StanzaWriter, h: number, offer: StreamOffer = {}): StreamError | undefined {
    this.#connect(writer, offer)
    const management = this.#equipped.resume(h, offer)
    if (management === undefined || 'condition' in management) return management
    this.#jid ??= this.continuity.storedJid
    this.isOnline = true
    this.outbox.resend({ writer, ...this.#equipped.managed(management), maxBytes: offer.maxBytes })
    this.announcement.resumed()
    return undefined
  }

  /** The session begins: announces these presences, or what a plugin makes of them, and sends what was queued. */
  begin(presences: readonly Presence[] = []): void {
    for (const each of this.announcement.of(presences)) this.sendPresence(each)
    this.isOnline = true
    this.continuity.begin()
    this.outbox.open()
  }

  /** Writes a presence now, before what is queued. */
  sendPresence({ element }: Presence): void {
    if (!this.addressing.announces && element.attr('to') === undefined) return
    const text = serialize(this.addressing.outgoing(this.announcement.decorated(element)), NS_CLIENT)
    this.outbox.write(new SendTicket(randomId(), text, 'presence'))
  }

  /** Writes a stanza now, before what is queued. @returns whether there is a connection */
  write(ticket: SendTicket): boolean {
    const isWritten = this.outbox.write(ticket)
    this.#awaited() // somebody may wait for an answer now
    return isWritten
  }

  /** Asks the server for a sign of life. */
  probe(): void {
    this.#link?.probe()
  }

  /** Resolves when every outcome is known that the server can still tell, and tells it what was handled. */
  async acknowledged(): Promise<void> {
    await this.#link?.acknowledged()
  }

  /** The connection is gone, and the session may go on in another one. */
  suspend(): void {
    this.#writer = undefined
    this.isOnline = false
    this.#link?.brake.release()
    this.#link?.continuity.suspend()
    this.outbox.disconnect()
  }

  /** The connection is gone, and the session with it: requests fail, and unconfirmed messages wait for the next one. */
  detach(reason: ConnectionError): void {
    this.suspend()
    this.serverFeatures = undefined
    this.#jid = undefined
    this.#link?.end(reason)
  }

  /** There will be no other connection: everything fails, now and later. */
  close(reason: ConnectionError): void {
    this.detach(reason)
    this.closed = reason
    this.outbox.fail(reason)
    this.#link?.continuity.forget()
  }

  /** There may be connections again. */
  reopen(): void {
    this.closed = undefined
  }

  /** @param ahead a presence goes before what is queued, for what begins a session; a message never does */
  send(stanza: Message | Presence, ahead = false): SendHandle {
    const element = this.announcement.decorated(stanza.element)
    const id = stanza.id ?? randomId()
    const complete = this.addressing.outgoing(stanza.id === undefined ? element.with({ id }) : element)
    const kind = element.name === 'presence' ? 'presence' : 'message'
    const ticket = new SendTicket(id, serialize(complete, NS_CLIENT), kind)
    ticket.onAwaited = this.#awaited
    if (this.closed !== undefined) ticket.fail(this.closed)
    else if (!(ahead && kind === 'presence' && this.outbox.write(ticket))) this.outbox.add(ticket)
    return ticket
  }

  request<Q, R>(pair: IqProcedure<Q, R>, value: Q, options: AddressedRequest = {}): Promise<R> {
    if (this.#link !== undefined) return this.#link.iqs.request(pair, value, options)
    const { signal } = options
    const error = this.closed ?? new ConnectionError('session', 'closed', 'there is no connection')
    return Promise.reject(signal?.aborted ? signal.reason : error)
  }

  onMessage<T>(
    first: ElementDef<T> | ((message: InboundMessage) => Handled),
    handler?: (payload: T, message: InboundMessage) => Handled,
    filter?: StanzaFilter,
  ): Subscription {
    return listen(this.#handlers.messages, false, first, handler, filter)
  }

  onPresence<T>(
    first: ElementDef<T> | ((presence: Presence) => Handled),
    handler?: (payload: T, presence: Presence) => Handled,
    filter?: StanzaFilter,
  ): Subscription {
    return listen(this.#handlers.presences, false, first, handler, filter)
  }

  /** Registers the handler of a kind of request. */
  handle<Q, R>(
    pair: IqProcedure<Q, R>,
    handler: (request: Q, from: InboundRequest) => R | Promise<R>,
    filter?: StanzaFilter,
  ): Subscription {
    return this.#handlers.handle(pair as IqProcedure<unknown, unknown>, handler as never, filter?.from)
  }

  /** A message from inside another stanza. */
  inbound(element: XmlElement, provenance: Provenance): InboundMessage {
    const problem = checkSender(element)
    if (problem) throw problem
    return new InboundMessage(element, provenance, this.answering(element))
  }

  /** Sends an element that is not a stanza, if there is a session. */
  sendNonza(element: XmlElement): boolean {
    this.#link?.checkNonza(element)
    this.#writer?.sendElement(element)
    return this.#writer !== undefined
  }

  /** Runs somebody's handler: what it throws is reported. @returns when it is done, if not at once */
  run(code: () => Handled): Promise<void> | undefined {
    return this.#link === undefined ? this.events.run(code) : this.#link.router.run(code)
  }

  /** Calls the handler with each message that everybody is done with. */
  onHandled(handler: (message: InboundMessage) => void): Subscription {
    const own = (message: InboundMessage): void => handler(message)
    this.#handlers.handled.add(own)
    return new Subscription(() => this.#handlers.handled.delete(own))
  }

  /** Keeps messages from everybody. */
  refuse(isRefused: (message: InboundMessage) => boolean): Subscription {
    this.#handlers.refusals.add(isRefused)
    return new Subscription(() => this.#handlers.refusals.delete(isRefused))
  }

  /** Messages that wait for the application. */
  get hold(): MessageHold {
    return this.#handlers.hold
  }

  /** Resolves when all handlers running now are done. */
  async settled(): Promise<void> {
    await this.#link?.router.settled()
  }

  /** Takes a stanza from the stream. Never throws. */
  deliver(element: XmlElement, provenance: Provenance = 'live'): void {
    this.#equipped.deliver(element, provenance)
  }

  /** Takes a stanza from before stream management was on. */
  deliverUncounted(element: XmlElement): void {
    this.#equipped.route(element, 'live')
  }

  /** Sends the answer to a stanza. */
  answering(asked: XmlElement): (answer: Message) => SendHandle {
    return (answer) => this.send(answerTo(asked, answer, this.addressing))
  }

  #connect(writer: StanzaWriter, { features }: StreamOffer): void {
    this.#writer = writer
    this.serverFeatures = features ?? this.serverFeatures
    this.brake.connect(writer.connection)
  }
}
