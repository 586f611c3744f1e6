import { type Message, PresenceElement, readElement, type StreamError, type XmlElement } from '@couplet/stanza'
import { AckBarrier } from './ack-barrier.js'
import { admits } from './addressee.js'
import type { Emitter } from './events.js'
import type { Handlers } from './handlers.js'
import { inboundMessage, type Provenance } from './inbound-message.js'
import { IqService, type IqSession } from './iq-service.js'
import { Lanes } from './lanes.js'
import type { Line } from './line.js'
import { checkNonza } from './nonza.js'
import type { Outbox } from './outbox.js'
import { ReadingBrake } from './reading-brake.js'
import { Repeats } from './repeats.js'
import { Router } from './router.js'
import type { SendHandle } from './session.js'
import { type ContinuedSession, SessionContinuity } from './session-continuity.js'
import type { StreamManagement } from './stream-management.js'
import type { StreamOffer } from './stream-offer.js'
import { writtenText } from './with-delay.js'
import { writtenMessage } from './written-message.js'

/** The session that a link belongs to. */
export interface LinkedSession extends IqSession {
  readonly events: Emitter
  readonly outbox: Outbox
  /** What the server offered to it. */
  serverFeatures: XmlElement | undefined
  /** Sends the answer to a stanza. */
  answering(asked: XmlElement): (answer: Message) => SendHandle
}

/** What a link is made with. */
export interface LinkOptions extends ContinuedSession {
  /** Milliseconds until a request without an answer rejects. */
  readonly requestTimeout: number
}

/** What a session can only use with a connection, and what is loaded with it: all of receiving, requests, and who knows what has arrived. */
export class SessionLink {
  readonly continuity: SessionContinuity
  readonly iqs: IqService
  readonly router: Router
  readonly brake: ReadingBrake
  readonly #session: LinkedSession
  readonly #repeats = new Repeats()
  #barrier: AckBarrier | undefined

  constructor(session: LinkedSession, handlers: Handlers, options: LinkOptions) {
    const { events, outbox } = session
    this.#session = session
    const lanes = new Lanes(() => this.brake.check())
    this.router = new Router(handlers, () => session.account, events, lanes)
    this.iqs = new IqService(session, this.router, events, options.requestTimeout)
    this.continuity = new SessionContinuity(outbox, options, (text, error) => {
      const message = writtenMessage(text)
      if (message === undefined) events.emit('error', error)
      else events.emit('unsent', { error, message })
    })
    const isAwaited = (): boolean => this.iqs.pending > 0 || outbox.isAwaited
    this.brake = new ReadingBrake(lanes, isAwaited, (isOn) => this.continuity.management?.pause(isOn))
  }

  /** A new session is set up. @returns who acknowledges its stanzas */
  start({ management: enabled, features, dead }: StreamOffer): Pick<Line, 'acks' | 'management' | 'textOf'> {
    const onDead = (): void => dead?.()
    const management = this.continuity.start(enabled, onDead, features)
    if (management !== undefined) return this.managed(management)
    this.#barrier = new AckBarrier(() => this.iqs.ping(), onDead)
    return { acks: this.#barrier, textOf: writtenText }
  }

  /** Who acknowledges the stanzas of a session under stream management. */
  managed(management: StreamManagement): Pick<Line, 'acks' | 'management' | 'textOf'> {
    return { acks: management, management, textOf: writtenText }
  }

  /** The session goes on in a new stream. @returns why that must end, if the session cannot */
  resume(h: number, { dead }: StreamOffer): StreamManagement | StreamError | undefined {
    this.#session.serverFeatures ??= this.continuity.storedFeatures
    return this.continuity.resume(h, () => dead?.())
  }

  /** Asks the server for a sign of life. */
  probe(): void {
    const { management } = this.continuity
    if (management !== undefined) management.ask()
    else this.iqs.ping().catch(() => {}) // whoever probes waits for bytes
  }

  /** Resolves when every outcome is known that the server can still tell, and tells it what was handled. */
  async acknowledged(): Promise<void> {
    await this.continuity.stored() // what waits for that is not written yet
    const { management } = this.continuity
    if (management !== undefined && management.sent > management.acked) management.ask()
    await Promise.all([this.#barrier?.idle(), management && this.#session.outbox.acknowledgedAll()])
  }

  /** The session is over. */
  end(reason: unknown): void {
    this.iqs.failAll(reason)
    this.#barrier?.end(reason)
    this.#barrier = undefined
    this.continuity.end(reason)
  }

  /** Checks that a plugin may send an element. @throws TypeError as {@link checkNonza} */
  checkNonza(element: XmlElement): void {
    checkNonza(element)
  }

  /** Takes a stanza from the stream. Never throws. */
  deliver(element: XmlElement, provenance: Provenance): void {
    this.continuity.deliver(element, () => this.route(element, provenance))
    this.brake.check()
  }

  /** Brings a stanza to its handlers. @returns when all of them are done, if not at once */
  route(element: XmlElement, provenance: Provenance): Promise<void> | undefined {
    const { account, addressing, events, jid } = this.#session
    if (!admits(element, jid, events, addressing)) return undefined
    if (element.name === 'message') {
      const message = inboundMessage(element, provenance, account, this.#session.answering(element))
      return this.#repeats.has(message, addressing.inbox(element)) ? undefined : this.router.deliverMessage(message)
    }
    if (element.name === 'iq') return this.iqs.deliver(element)
    const read = readElement(PresenceElement, element)
    if (read.ok) return this.router.deliverPresence(read.value)
    events.emit('malformed', { error: read.error, stanza: element })
    return undefined
  }
}
