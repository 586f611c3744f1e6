import type { ElementDef, Iq, IqProcedure, Jid, Presence, Stanza } from '@couplet/stanza'
import type { InboundMessage } from './inbound-message.js'
import { MessageHold } from './message-hold.js'
import type { InboundRequest } from './plugin.js'
import type { Handled, Origin, StanzaFilter } from './session.js'
import { Subscription } from './subscription.js'

/** Somebody who listens for a payload. */
export interface PayloadListener<S> {
  readonly def: ElementDef<unknown>
  readonly handler: (payload: unknown, stanza: S) => Handled
  readonly from: Origin | Jid
  /** Whether the stanza is kept from the application's handlers of whole stanzas. */
  readonly claims: boolean
  /** A protocol's handler, which does not wait for those of the application. */
  readonly atOnce: boolean
}

/** Who answers a kind of request. */
export interface RequestHandler {
  readonly from: Origin | Jid
  readonly pair: IqProcedure<unknown, unknown>
  readonly handler: (request: unknown, from: InboundRequest) => unknown
}

/** Listeners for one kind of stanza: for all of them, and for payloads by namespace. */
export class Listeners<S extends Stanza> {
  /** Handlers of whole stanzas, and whether they run at once. */
  readonly all = new Map<(stanza: S) => Handled, boolean>()
  readonly byNamespace = new Map<string, PayloadListener<S>[]>()

  addAll(handler: (stanza: S) => Handled, atOnce: boolean): Subscription {
    const own = (stanza: S): Handled => handler(stanza)
    this.all.set(own, atOnce)
    return new Subscription(() => this.all.delete(own))
  }

  add(listener: PayloadListener<S>): Subscription {
    const { ns } = listener.def
    // Copied on write, so that a listener may come or go while a stanza is being delivered.
    this.byNamespace.set(ns, [...(this.byNamespace.get(ns) ?? []), listener])
    return new Subscription(() => {
      const left = (this.byNamespace.get(ns) ?? []).filter((other) => other !== listener)
      if (left.length > 0) this.byNamespace.set(ns, left)
      else this.byNamespace.delete(ns)
    })
  }
}

/**
 * The two forms of `onMessage` and `onPresence`: everything, or the payloads of a definition.
 *
 * @param atOnce whether the handler does not wait until the conversation's earlier ones are done
 */
export function listen<S extends Stanza, T>(
  listeners: Listeners<S>,
  atOnce: boolean,
  first: ElementDef<T> | ((stanza: S) => Handled),
  handler?: (payload: T, stanza: S) => Handled,
  filter?: StanzaFilter,
): Subscription {
  if (handler === undefined) return listeners.addAll(first as (stanza: S) => Handled, atOnce)
  return listeners.add({
    def: first as ElementDef<unknown>,
    handler: handler as (payload: unknown, stanza: S) => Handled,
    from: filter?.from ?? 'anyone',
    claims: filter?.claims ?? false,
    // Content is content in whatever form: its turn is that of the application.
    atOnce: atOnce && filter?.claims !== true,
  })
}

/** Everybody who waits for stanzas: all that a session without a connection knows of receiving. */
export class Handlers {
  readonly messages = new Listeners<InboundMessage>()
  readonly presences = new Listeners<Presence>()
  readonly hold = new MessageHold()
  /** Who knows of messages that nobody is to get. */
  readonly refusals = new Set<(message: InboundMessage) => boolean>()
  /** Who wants to know when everybody is done with a message. */
  readonly handled = new Set<(message: InboundMessage) => void>()
  readonly #requests = new Map<string, RequestHandler>()

  /** Registers the one handler of a kind of request. @throws TypeError if there is one already */
  handle(
    pair: IqProcedure<unknown, unknown>,
    handler: RequestHandler['handler'],
    from: Origin | Jid = 'anyone',
  ): Subscription {
    const { type, request } = pair
    const keys = request.tags.map((tag) => `${type} ${tag} ${request.ns}`)
    for (const key of keys) if (this.#requests.has(key)) throw new TypeError(`two handlers for ${key}`)
    for (const key of keys) this.#requests.set(key, { pair, handler, from })
    return new Subscription(() => {
      for (const key of keys) this.#requests.delete(key)
    })
  }

  /** Who answers a request, if anybody does. */
  answerer({ type, payload }: Iq): RequestHandler | undefined {
    return payload && this.#requests.get(`${type} ${payload.name} ${payload.ns}`)
  }
}
