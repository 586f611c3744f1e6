import type { MalformedElementError, Message, StanzaError, XmlElement } from '@couplet/stanza'
import type { ConnectionError } from './connection-error.js'
import type { InboundMessage } from './inbound-message.js'
import type { Origin } from './session.js'
import { Subscription } from './subscription.js'

/** Where the client stands. */
export type ClientStatus =
  | { readonly state: 'offline'; readonly error?: Error }
  | { readonly state: 'connecting' }
  /** `resumed`: the session goes on where it was interrupted; otherwise it is a new one. */
  | { readonly state: 'online'; readonly resumed: boolean }
  /** Waiting to try again, in `delay` milliseconds; without a network until there is one (`Infinity`). */
  | { readonly state: 'waiting'; readonly error: Error; readonly delay: number }

/** What the client reports apart from stanzas. */
export interface ClientEvents {
  /** The connection came, went, or is being made. */
  status: ClientStatus
  /** A handler of the application or a plugin threw; nothing else was affected. */
  error: unknown
  /** A stanza or a payload that somebody listens for does not have its shape; it was not delivered. */
  malformed: { readonly error: MalformedElementError; readonly stanza: XmlElement }
  /** A stanza or payload came from someone who may not send it; it was not acted upon. */
  rejected: {
    readonly reason: 'origin' | 'reply-sender' | 'addressee'
    readonly allowed?: Origin | string
    readonly stanza: XmlElement
  }
  /** A message of ours came back, or its recipient answered with an error. */
  undeliverable: { readonly error: StanzaError; readonly message: InboundMessage }
  /** A message that an earlier process has left in the store will not be sent: nobody else would learn of that. */
  unsent: { readonly error: ConnectionError; readonly message: Message }
}

/** Typed events. A listener that throws hurts nobody: its error becomes an `error` event. */
export class Emitter {
  readonly #listeners = new Map<keyof ClientEvents, Set<(event: never) => unknown>>()

  /** Calls the listener with every event of this name. */
  on<K extends keyof ClientEvents>(name: K, listener: (event: ClientEvents[K]) => unknown): Subscription {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    const own = (event: never): unknown => listener(event) // the same function may be registered twice
    listeners.add(own)
    return new Subscription(() => listeners.delete(own))
  }

  /** Reports an event to all listeners. */
  emit<K extends keyof ClientEvents>(name: K, event: ClientEvents[K]): void {
    const listeners = this.#listeners.get(name)
    for (const listener of [...(listeners ?? [])]) {
      // One that an earlier one has taken back is not told any more.
      if (listeners?.has(listener)) this.run(() => listener(event as never), name)
    }
  }

  /** Runs someone else's code; what it throws or rejects with becomes an `error` event. */
  run(code: () => unknown, name?: keyof ClientEvents): Promise<void> | undefined {
    // An error listener that throws would go round in circles.
    const report = (error: unknown): void => {
      if (name !== 'error') this.emit('error', error)
    }
    try {
      const result = code()
      if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return undefined
      return Promise.resolve(result as PromiseLike<unknown>).then(() => {}, report)
    } catch (error) {
      report(error)
      return undefined
    }
  }
}
