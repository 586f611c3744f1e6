import type {
  Handled,
  InboundMessage,
  RequestOptions,
  SendHandle,
  Session,
  StanzaFilter,
  Subscription,
} from '@couplet/client'
import type { SessionCore } from '@couplet/client/core'
import {
  type BareJid,
  type ElementDef,
  type IqProcedure,
  type Jid,
  Message,
  Presence,
  type Stanza,
} from '@couplet/stanza'

/** The session of one address of a component: sends from it, and hears what is sent to it. */
export class AddressSession implements Session {
  readonly jid: Jid
  readonly #core: SessionCore

  constructor(core: SessionCore, jid: Jid) {
    this.#core = core
    this.jid = jid
  }

  get account(): BareJid {
    return this.jid.bare
  }

  send(stanza: Message | Presence): SendHandle {
    const { element } = stanza
    if (element.attr('from') !== undefined) return this.#core.send(stanza)
    const complete = element.with({ from: this.jid.toString() })
    return this.#core.send(element.name === 'presence' ? new Presence(complete) : new Message(complete))
  }

  request<Q, R>(pair: IqProcedure<Q, R>, value: Q, options: RequestOptions = {}): Promise<R> {
    return this.#core.request(pair, value, { ...options, from: this.jid })
  }

  onMessage<T>(
    first: ElementDef<T> | ((message: InboundMessage) => Handled),
    handler?: (payload: T, message: InboundMessage) => Handled,
    filter?: StanzaFilter,
  ): Subscription {
    return this.#core.onMessage(...this.#own(first, handler, filter))
  }

  onPresence<T>(
    first: ElementDef<T> | ((presence: Presence) => Handled),
    handler?: (payload: T, presence: Presence) => Handled,
    filter?: StanzaFilter,
  ): Subscription {
    return this.#core.onPresence(...this.#own(first, handler, filter))
  }

  /** The same listener, for what is to this address. */
  #own<T, S extends Stanza>(
    first: ElementDef<T> | ((stanza: S) => Handled),
    handler: ((payload: T, stanza: S) => Handled) | undefined,
    filter: StanzaFilter | undefined,
  ): [typeof first, typeof handler, typeof filter] {
    if (handler === undefined) {
      const whole = first as (stanza: S) => Handled
      return [(stanza: S) => (this.#isFor(stanza) ? whole(stanza) : undefined), undefined, undefined]
    }
    const own = (payload: T, stanza: S): Handled => (this.#isFor(stanza) ? handler(payload, stanza) : undefined)
    // The account of this session is this address, not the component.
    return [first, own, filter?.from === 'ownAccount' ? { ...filter, from: this.account } : filter]
  }

  #isFor({ to }: Stanza): boolean {
    return to !== undefined && (this.jid.isBare() ? to.bare : to).equals(this.jid)
  }
}
