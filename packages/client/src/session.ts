import type { BareJid, ElementDef, IqProcedure, Jid, Message, Presence } from '@couplet/stanza'
import type { InboundMessage } from './inbound-message.js'
import type { Subscription } from './subscription.js'

/** How far a send has come. `acked` and `failed` are final. */
export type SendState = 'queued' | 'written' | 'acked' | 'failed'

/** What `send` returns at once. */
export interface SendHandle {
  /** The id of the stanza, assigned if it had none. */
  readonly id: string
  /** How far it has come. */
  readonly state: SendState
  /**
   * Resolves when the server has handled the stanza; rejects with the reason when that cannot be hoped for any more.
   * Settles exactly once. May be ignored: a rejection nobody listens to is not reported as unhandled.
   */
  readonly acked: Promise<void>
  /**
   * Resolves when the stanza has a place in the queue: at once, unless 1,000 stanzas or 8 MiB wait to be written or
   * acknowledged; with a store when it is there, so that it is sent even if the process ends. Whoever awaits it between
   * sends is slowed down to what the connection takes; nothing is dropped.
   */
  readonly accepted: Promise<void>
}

/** Options of every network call. */
export interface CallOptions {
  /** Ends the call, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a request. */
export interface RequestOptions extends CallOptions {
  /** Who is asked; default: the own account, answered by its server. */
  readonly to?: Jid | string | undefined
}

/**
 * Who may send a payload. The router enforces it and reports `rejected`:
 * `anyone`; `ownAccount` (the bare JID of the account); `ownServer` (the account's domain, or the account);
 * `anyAccount` (any JID without a resource: servers speak so for their accounts and services, no client can).
 */
export type Origin = 'anyone' | 'anyAccount' | 'ownAccount' | 'ownServer'

/** Which stanzas a handler gets. */
export interface StanzaFilter {
  /** Who may have sent it: an origin, or the very entity that was asked. Default: `anyone`. */
  readonly from?: Origin | Jid | undefined
  /**
   * The stanza is content in another form, such as encrypted or copied, well-formed or not: what else is in it is for those who
   * cannot read it, so the application's handlers without a definition do not get it. The handler is called when theirs would
   * be: after those of earlier messages of the conversation, and after what was missed.
   */
  readonly claims?: boolean | undefined
}

/** What a handler returns is awaited only to report its error. */
export type Handled = void | Promise<void>

/** The narrow surface that XEP code is written against. A test fakes it with `fakeSession()` of `@couplet/testing`. */
export interface Session {
  /** The full JID while online; before, the bare JID of the account. */
  readonly jid: Jid
  /** The bare JID of the account. */
  readonly account: BareJid
  /**
   * Queues a stanza and returns at once.
   *
   * @throws IllegalCharacterError if XML cannot carry its text
   */
  send(stanza: Message | Presence): SendHandle
  /**
   * Sends an IQ and resolves with the typed payload of its result. Only the addressed entity can answer it.
   *
   * @throws StanzaError if the peer said no
   * @throws MalformedElementError if the result does not have the shape of the definition
   * @throws ConnectionError if the connection ended before the answer came
   */
  request<Q, R>(pair: IqProcedure<Q, R>, value: Q, options?: RequestOptions): Promise<R>
  /** Calls the handler with every message that is not an error, nor claimed by a plugin: as its own protocol, or as encrypted. */
  onMessage(handler: (message: InboundMessage) => Handled): Subscription
  /** Calls the handler with the payload of every message that carries one of this definition, from whom it may come. */
  onMessage<T>(
    def: ElementDef<T>,
    handler: (payload: T, message: InboundMessage) => Handled,
    filter?: StanzaFilter,
  ): Subscription
  /** Calls the handler with every presence, errors included. */
  onPresence(handler: (presence: Presence) => Handled): Subscription
  /** Calls the handler with the payload of every presence that carries one of this definition. */
  onPresence<T>(
    def: ElementDef<T>,
    handler: (payload: T, presence: Presence) => Handled,
    filter?: StanzaFilter,
  ): Subscription
}
