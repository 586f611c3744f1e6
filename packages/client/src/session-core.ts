import {
  type BareJid,
  type ElementDef,
  type FullJid,
  type Iq,
  IqElement,
  type IqProcedure,
  iq,
  Jid,
  type Message,
  NS_CLIENT,
  type Presence,
  PresenceElement,
  type ReadResult,
  readElement,
  StanzaError,
  serialize,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import { AckBarrier } from './ack-barrier.js'
import { ConnectionError } from './connection-error.js'
import { pingServer } from './elements.js'
import { Emitter } from './events.js'
import { checkSender, InboundMessage, type Provenance } from './inbound-message.js'
import { IqTracker } from './iq-tracker.js'
import { checkNonza } from './nonza.js'
import type { Announcer, InboundRequest } from './plugin.js'
import { randomId } from './random-id.js'
import { listen, Router } from './router.js'
import { SendTicket } from './send-ticket.js'
import type { Handled, RequestOptions, SendHandle, Session, StanzaFilter } from './session.js'
import { Subscription } from './subscription.js'

/** Where stanzas go while there is a connection. */
export interface StanzaWriter {
  /** Sends one stanza, serialised for the default namespace `jabber:client`. */
  write(text: string): void
  /** Sends one element that is not a stanza. */
  sendElement(element: XmlElement): void
}

/** @internal Options of a session core. */
export interface SessionCoreOptions {
  /** The bare JID of the account. */
  readonly account: BareJid
  /** Milliseconds until a request without an answer rejects; default 60,000. */
  readonly requestTimeout?: number
}

/**
 * A session without its stream: the queue of sends, the requests and their answers, and the handlers of what comes in.
 * The client attaches a connection to it and takes it away again; tests attach themselves.
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
  readonly #router: Router
  readonly #tracker: IqTracker
  readonly #requestTimeout: number
  #jid: FullJid | undefined
  #writer: StanzaWriter | undefined
  #barrier: AckBarrier | undefined
  #queue: SendTicket[] = []
  #closed: ConnectionError | undefined
  #announce: Announcer | undefined

  constructor(options: SessionCoreOptions) {
    this.account = options.account
    this.#requestTimeout = options.requestTimeout ?? 60_000
    this.#router = new Router(() => this.account, this.events)
    this.#tracker = new IqTracker(() => this.account)
  }

  get jid(): Jid {
    return this.#jid ?? this.account
  }

  /** A new session is set up; what was queued meanwhile waits for {@link flush}. */
  attach(writer: StanzaWriter, jid: FullJid, features?: XmlElement): void {
    this.#writer = writer
    this.serverFeatures = features
    this.#jid = jid
    this.account = jid.bare
    this.#barrier = new AckBarrier(() => this.#askServer())
  }

  /** The session begins: announces these presences, or what a plugin makes of them, and sends what was queued. */
  begin(presences: readonly Presence[] = []): void {
    let announced = presences
    this.events.run(() => {
      announced = this.#announce?.(presences) ?? presences
    })
    for (const { element } of announced) this.#writer?.write(serialize(element, NS_CLIENT))
    this.isOnline = true
    this.flush()
  }

  /** Sends what was queued while there was no session. */
  flush(): void {
    for (const ticket of this.#queue.splice(0)) this.#write(ticket)
  }

  /** Resolves when every outcome that somebody waits for is known. */
  async acknowledged(): Promise<void> {
    await this.#barrier?.idle()
  }

  /** The connection is gone: what was under way fails with the reason, what is queued stays. */
  detach(reason: ConnectionError): void {
    this.#writer = undefined
    this.serverFeatures = undefined
    this.isOnline = false
    this.#jid = undefined
    this.#tracker.failAll(reason)
    this.#barrier?.end(reason)
    this.#barrier = undefined
  }

  /** There will be no other connection: everything fails, now and later. */
  close(reason: ConnectionError): void {
    this.detach(reason)
    this.#closed = reason
    for (const ticket of this.#queue.splice(0)) ticket.fail(reason)
  }

  /** There may be connections again. */
  reopen(): void {
    this.#closed = undefined
  }

  /** @param ahead before what is queued, for what begins a session */
  send(stanza: Message | Presence, ahead = false): SendHandle {
    const { element } = stanza
    const id = stanza.id ?? randomId()
    const complete = stanza.id === undefined ? element.with({ id }) : element
    return this.#submit(new SendTicket(id, serialize(complete, NS_CLIENT)), ahead)
  }

  #submit(ticket: SendTicket, ahead: boolean): SendTicket {
    if (this.#closed !== undefined) ticket.fail(this.#closed)
    // The queue is not empty between attach and flush; order is kept.
    else if (this.#writer === undefined || (this.#queue.length > 0 && !ahead)) this.#queue.push(ticket)
    else this.#write(ticket)
    return ticket
  }

  #write(ticket: SendTicket): void {
    const { text } = ticket
    this.#writer?.write(text)
    ticket.written(this.#barrier as AckBarrier)
  }

  async request<Q, R>(pair: IqProcedure<Q, R>, value: Q, options: RequestOptions = {}): Promise<R> {
    const { signal } = options
    signal?.throwIfAborted()
    const to = typeof options.to === 'string' ? Jid.parse(options.to) : options.to
    const id = randomId()
    const stanza = iq({ type: pair.type, id, to }, pair.request.build(value))
    const text = serialize(stanza.element, NS_CLIENT)
    if (this.#closed !== undefined) throw this.#closed
    const answer = this.#tracker.expect(id, pair.response, to, this.#requestTimeout, signal, pair.mayBeEmpty)
    // Not behind queued messages: a request is worth nothing to a later session.
    if (this.#writer !== undefined) this.#writer.write(text)
    else this.#tracker.fail(id, new ConnectionError('session', 'closed', 'there is no connection'))
    return answer
  }

  onMessage<T>(
    first: ElementDef<T> | ((message: InboundMessage) => Handled),
    handler?: (payload: T, message: InboundMessage) => Handled,
    filter?: StanzaFilter,
  ): Subscription {
    return listen(this.#router.messages, first, handler, filter)
  }

  onPresence<T>(
    first: ElementDef<T> | ((presence: Presence) => Handled),
    handler?: (payload: T, presence: Presence) => Handled,
    filter?: StanzaFilter,
  ): Subscription {
    return listen(this.#router.presences, first, handler, filter)
  }

  /** Registers the handler of a kind of request. */
  handle<Q, R>(
    pair: IqProcedure<Q, R>,
    handler: (request: Q, from: InboundRequest) => R | Promise<R>,
    filter?: StanzaFilter,
  ): Subscription {
    return this.#router.handle(pair as IqProcedure<unknown, unknown>, handler as never, filter?.from)
  }

  /** Decides what {@link begin} announces. */
  announce(announcer: Announcer): Subscription {
    if (this.#announce !== undefined) throw new TypeError('two plugins decide what is announced')
    this.#announce = announcer
    return new Subscription(() => {
      this.#announce = undefined
    })
  }

  /** A message from inside another stanza. */
  inbound(element: XmlElement, provenance: Provenance): InboundMessage {
    const problem = checkSender(element)
    if (problem) throw problem
    return new InboundMessage(element, provenance, (stanza) => this.send(stanza))
  }

  /** Sends an element that is not a stanza, if there is a session. */
  sendNonza(element: XmlElement): boolean {
    checkNonza(element)
    this.#writer?.sendElement(element)
    return this.#writer !== undefined
  }

  /** Runs somebody's handler: what it throws is reported. */
  run(code: () => Handled): void {
    this.#router.run(code)
  }

  /** Resolves when all handlers running now are done. */
  settled(): Promise<void> {
    return this.#router.settled()
  }

  /** Takes a stanza from the stream. Never throws. */
  deliver(element: XmlElement, provenance: Provenance = 'live'): void {
    // A sender that is no JID is nobody: RFC 6120 §8.1.2 forbids it, and no rule about senders could be applied.
    const problem = checkSender(element)
    if (problem !== undefined) this.events.emit('malformed', { error: problem, stanza: element })
    else if (element.name === 'message') {
      this.#router.deliverMessage(new InboundMessage(element, provenance, (stanza) => this.send(stanza)))
    } else if (element.name === 'presence') {
      this.#with(readElement(PresenceElement, element), element, (presence) => this.#router.deliverPresence(presence))
    } else {
      this.#deliverIq(element)
    }
  }

  #deliverIq(element: XmlElement): void {
    const read = readElement(IqElement, element)
    // RFC 6120 §8.3.1: a request always gets an answer, also one we cannot read, but errors and results never do.
    const isRequest = ['get', 'set'].includes(element.attr('type') ?? '') && element.attr('id')
    if (!read.ok && isRequest) this.#reply(element, 'error', new StanzaError({ condition: 'bad-request' }).element)
    this.#with(read, element, (received) => {
      if (received.type === 'get' || received.type === 'set') void this.#answer(received)
      else this.#receiveReply(received)
    })
  }

  #receiveReply(reply: Iq): void {
    if (this.#tracker.receive(reply, this.jid) === 'spoofed') {
      this.events.emit('rejected', { reason: 'reply-sender', stanza: reply.element })
    }
  }

  async #answer(request: Iq): Promise<void> {
    const outcome = await this.#router.answer(request)
    if ('error' in outcome) this.#reply(request.element, 'error', outcome.error.element)
    else this.#reply(request.element, 'result', outcome.payload)
  }

  #reply(request: XmlElement, type: 'result' | 'error', payload: XmlElement | undefined): void {
    const attributes = { id: request.attr('id'), to: request.attr('from') }
    const reply = xml(NS_CLIENT, 'iq', { ...attributes, type }, ...(payload ? [payload] : []))
    let text: string
    try {
      text = serialize(reply, NS_CLIENT)
    } catch (error) {
      // A result that XML cannot carry; who asked gets an answer all the same.
      this.events.emit('error', error)
      const { element } = new StanzaError({ condition: 'internal-server-error' })
      text = serialize(xml(NS_CLIENT, 'iq', { ...attributes, type: 'error' }, element), NS_CLIENT)
    }
    this.#writer?.write(text)
  }

  #with<T>(read: ReadResult<T>, stanza: XmlElement, then: (value: T) => void): void {
    if (read.ok) then(read.value)
    else this.events.emit('malformed', { error: read.error, stanza })
  }

  /** Any answer will do, but none at all is a failure. */
  async #askServer(): Promise<void> {
    const id = randomId()
    const to = Jid.parse(this.account.domain)
    const answer = this.#tracker.expect(id, undefined, to, this.#requestTimeout)
    this.#writer?.write(serialize(iq({ type: 'get', id, to }, pingServer.request.build(true)).element, NS_CLIENT))
    await answer.catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'StanzaError') throw error
    })
  }
}
