import type { StreamError, XmlElement } from '@couplet/stanza'
import { AckBarrier } from './ack-barrier.js'
import type { Emitter } from './events.js'
import { IqService, type IqSession } from './iq-service.js'
import { checkNonza } from './nonza.js'
import type { Line, Outbox } from './outbox.js'
import type { Router } from './router.js'
import { type ContinuedSession, SessionContinuity } from './session-continuity.js'
import type { StreamManagement } from './stream-management.js'
import type { StreamOffer } from './stream-offer.js'

/** The session that a link belongs to. */
export interface LinkedSession extends IqSession {
  readonly events: Emitter
  readonly outbox: Outbox
}

/** What a link is made with. */
export interface LinkOptions extends ContinuedSession {
  /** Milliseconds until a request without an answer rejects. */
  readonly requestTimeout: number
}

/** What a session can only use with a connection, and what is loaded with it: requests, and who knows what has arrived. */
export class SessionLink {
  readonly continuity: SessionContinuity
  readonly iqs: IqService
  readonly #outbox: Outbox
  #barrier: AckBarrier | undefined

  constructor(session: LinkedSession, router: Router, options: LinkOptions) {
    this.#outbox = session.outbox
    this.iqs = new IqService(session, router, session.events, options.requestTimeout)
    this.continuity = new SessionContinuity(session.outbox, options)
  }

  /** A new session is set up. @returns who acknowledges its stanzas */
  start({ management: enabled, dead }: StreamOffer): Pick<Line, 'acks' | 'management'> {
    const onDead = (): void => dead?.()
    const management = this.continuity.start(enabled, onDead)
    if (management !== undefined) return { acks: management, management }
    this.#barrier = new AckBarrier(() => this.iqs.ping(), onDead)
    return { acks: this.#barrier }
  }

  /** The session goes on in a new stream. @returns why that must end, if the session cannot */
  resume(h: number, { dead }: StreamOffer): StreamManagement | StreamError | undefined {
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
    await Promise.all([this.#barrier?.idle(), management && this.#outbox.acknowledgedAll()])
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
}
