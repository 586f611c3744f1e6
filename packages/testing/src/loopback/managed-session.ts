import { AckRequest } from '@couplet/client/elements'
import { Delay } from '@couplet/delay'
import type { Jid, XmlElement } from '@couplet/stanza'
import type { LoopbackSession, StanzaSink } from './account.js'

/** A stanza the client has not acknowledged. */
interface Sent {
  readonly stanza: XmlElement
  readonly stamp: Date
}

/** Counters begin anew there (XEP-0198 §4). */
const modulus = 2 ** 32

/** What a session's stream management is made of. */
export interface ManagedSessionOptions {
  readonly session: LoopbackSession
  /** The SM-ID; `undefined` for a session that cannot be resumed. */
  readonly id: string | undefined
  /** Milliseconds it is kept without a connection. */
  readonly lifetime: number
  /** After how many stanzas the client is asked how far it is. */
  readonly ackEvery: number
}

/** The server's half of stream management for one session (XEP-0198): counters, and what was not acknowledged yet. */
export class ManagedSession implements StanzaSink {
  readonly session: LoopbackSession
  readonly lifetime: number
  /** The SM-ID; forgotten, the session ends with its connection. */
  id: string | undefined
  /** Runs while the session is kept without a connection. */
  expiry: NodeJS.Timeout | undefined
  readonly #ackEvery: number
  /** What was handled before stream management was on. */
  readonly #uncounted: number
  #sent = 0
  #unacked: Sent[] = []

  constructor({ session, id, lifetime, ackEvery }: ManagedSessionOptions) {
    this.session = session
    this.id = id
    this.lifetime = lifetime
    this.#ackEvery = ackEvery
    this.#uncounted = session.handled
  }

  /** How many stanzas of the client were handled: the `h` of the server. */
  get handled(): number {
    return (this.session.handled - this.#uncounted) % modulus
  }

  /** How many stanzas were sent to the client. */
  get sent(): number {
    return this.#sent % modulus
  }

  /** What the client has not acknowledged, in order. */
  get unacked(): readonly Sent[] {
    return this.#unacked
  }

  /** Sends a stanza, if there is a connection, and keeps it until it is acknowledged. */
  send(stanza: XmlElement): void {
    this.#unacked.push({ stanza, stamp: new Date() })
    this.#sent++
    const { stream } = this.session
    stream?.send(stanza)
    if (this.#sent % this.#ackEvery === 0) stream?.send(AckRequest())
  }

  /** The client has handled this many; returns false if it cannot have. */
  acknowledge(h: number): boolean {
    const acked = this.#sent - this.#unacked.length
    const fresh = (((h - acked) % modulus) + modulus) % modulus
    if (fresh > this.#unacked.length) return false
    this.#unacked = this.#unacked.slice(fresh)
    return true
  }

  /** Sends again what was not acknowledged, messages with the time when they came (XEP-0198 §5, XEP-0203). */
  replay(from: Jid): void {
    const { stream } = this.session
    for (const { stanza, stamp } of this.#unacked) {
      const isDelayed = stanza.name !== 'message' || stanza.get(Delay) !== undefined
      stream?.send(isDelayed ? stanza : stanza.with({}, Delay({ from, stamp })))
    }
    if (this.#unacked.length > 0) stream?.send(AckRequest())
  }
}
