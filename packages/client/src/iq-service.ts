import {
  type BareJid,
  type Iq,
  IqElement,
  type IqProcedure,
  iq,
  Jid,
  NS_CLIENT,
  readElement,
  StanzaError,
  serialize,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import type { Addressing } from './addressing.js'
import { ConnectionError } from './connection-error.js'
import { pingServer } from './elements.js'
import type { Emitter } from './events.js'
import { IqTracker } from './iq-tracker.js'
import { randomId } from './random-id.js'
import type { Router } from './router.js'
import { SendTicket } from './send-ticket.js'
import type { RequestOptions } from './session.js'

/** @internal A request by one of several addresses. */
export interface AddressedRequest extends RequestOptions {
  /** Who asks; default: whoever the session is. */
  readonly from?: Jid | undefined
}

/** What requests and replies need of the session. */
export interface IqSession {
  readonly account: BareJid
  readonly jid: Jid
  readonly addressing: Addressing
  /** Why there will be no connection any more, if so. */
  readonly closed: ConnectionError | undefined
  /** Writes a stanza now; false without a connection. */
  write(ticket: SendTicket): boolean
}

/** Requests with their answers, and the answers to requests of others: each gets exactly one (RFC 6120 §8.2.3). */
export class IqService {
  readonly #session: IqSession
  readonly #router: Router
  readonly #events: Emitter
  readonly #tracker: IqTracker
  readonly #timeout: number

  /** @param timeout milliseconds until a request without an answer rejects */
  constructor(session: IqSession, router: Router, events: Emitter, timeout: number) {
    this.#session = session
    this.#router = router
    this.#events = events
    this.#timeout = timeout
    this.#tracker = new IqTracker(() => session.account)
  }

  /** How many requests wait for their answers. */
  get pending(): number {
    return this.#tracker.size
  }

  /** See `Session.request`. */
  async request<Q, R>(pair: IqProcedure<Q, R>, value: Q, options: AddressedRequest): Promise<R> {
    const { signal, from } = options
    signal?.throwIfAborted()
    const to = typeof options.to === 'string' ? Jid.parse(options.to) : options.to
    const id = randomId()
    const { element } = iq({ type: pair.type, id, to, from }, pair.request.build(value))
    const text = serialize(this.#session.addressing.outgoing(element), NS_CLIENT)
    const { closed } = this.#session
    if (closed !== undefined) throw closed
    const answer = this.#tracker.expect(id, pair.response, to, this.#timeout, signal, pair.mayBeEmpty)
    // Not behind queued messages: a request is worth nothing to a later session.
    const ticket = new SendTicket(id, text, 'iq')
    if (!this.#session.write(ticket)) {
      this.#tracker.fail(id, new ConnectionError('session', 'closed', 'there is no connection'))
    } else if (ticket.state === 'failed') {
      ticket.acked.catch((error: unknown) => this.#tracker.fail(id, error))
    }
    return answer
  }

  /** Asks the server for a sign of life. Any answer will do, but none at all is a failure. */
  async ping(): Promise<void> {
    const id = randomId()
    const { account, addressing } = this.#session
    const to = addressing.server(account)
    const answer = this.#tracker.expect(id, undefined, to, this.#timeout)
    const { element } = iq({ type: 'get', id, to }, pingServer.request.build(true))
    this.#session.write(new SendTicket(id, serialize(addressing.outgoing(element), NS_CLIENT), 'iq'))
    await answer.catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'StanzaError') throw error
    })
  }

  /** The connection is gone, and with it all answers. */
  failAll(reason: unknown): void {
    this.#tracker.failAll(reason)
  }

  /** Takes an IQ from the stream. @returns when it is answered, if it is a request */
  deliver(element: XmlElement): Promise<void> | undefined {
    const read = readElement(IqElement, element)
    if (!read.ok) {
      // RFC 6120 §8.3.1: a request always gets an answer, also one we cannot read, but errors and results never do.
      const isRequest = ['get', 'set'].includes(element.attr('type') ?? '') && element.attr('id')
      if (isRequest) this.#reply(element, 'error', new StanzaError({ condition: 'bad-request' }).element)
      this.#events.emit('malformed', { error: read.error, stanza: element })
      return undefined
    }
    const { type } = read.value
    if (type === 'get' || type === 'set') return this.#answer(read.value)
    if (this.#tracker.receive(read.value, this.#session.jid) === 'spoofed') {
      this.#events.emit('rejected', { reason: 'reply-sender', stanza: element })
    }
    return undefined
  }

  async #answer(request: Iq): Promise<void> {
    const outcome = await this.#router.answer(request)
    if ('error' in outcome) this.#reply(request.element, 'error', outcome.error.element)
    else this.#reply(request.element, 'result', outcome.payload)
  }

  #reply(request: XmlElement, type: 'result' | 'error', payload: XmlElement | undefined): void {
    const from = this.#session.addressing.answerer(request)
    const attributes = { id: request.attr('id'), to: request.attr('from'), from }
    const ticket = (kind: string, content?: XmlElement): SendTicket =>
      new SendTicket(
        attributes.id ?? '',
        serialize(xml(NS_CLIENT, 'iq', { ...attributes, type: kind }, ...(content ? [content] : [])), NS_CLIENT),
        'iq',
      )
    // A result that XML cannot carry, or the server does not take; who asked gets an answer all the same.
    const failure = (): SendTicket => ticket('error', new StanzaError({ condition: 'internal-server-error' }).element)
    let reply: SendTicket
    try {
      reply = ticket(type, payload)
    } catch (error) {
      this.#events.emit('error', error)
      reply = failure()
    }
    this.#session.write(reply)
    if (reply.state !== 'failed') return
    reply.acked.catch((error: unknown) => this.#events.emit('error', error))
    this.#session.write(failure())
  }
}
