import type { IqProcedure, Jid, Message, Presence, XmlElement } from '@couplet/stanza'
import type { ClientEvents } from './events.js'
import type { InboundMessage, Provenance } from './inbound-message.js'
import type { PluginEvent } from './plugin-event.js'
import type { Handled, Session, StanzaFilter } from './session.js'
import type { StateStore } from './state-store.js'
import type { Subscription } from './subscription.js'

/** An IQ request that was received. */
export interface InboundRequest {
  /** Who asks; the own account if the stanza did not say. */
  readonly from: Jid
  /** The address that was asked: the own account, or a JID of its own; for a component any address at its domain. */
  readonly to: Jid
  /** The id, for logs. */
  readonly id: string
}

/** Makes the presences a session begins with from those the client would announce: its option `presence`, or none. */
export type Announcer = (presences: readonly Presence[]) => readonly Presence[]

/** Makes what is added to a presence that says that we are available. */
export type PresenceDecorator = () => readonly XmlElement[]

/** What is added to the presences of the client. */
export interface PresenceDecoration {
  /** Something else is added now: sends the presence that everybody was told last again, if this session has told any. */
  repeat(): void
}

/**
 * When a plugin sets a new session up. What all handlers of the first three ask leaves in this order, together and before
 * the presence; `rooms` comes after the presence.
 *
 * `stream`: what changes what the server sends, such as carbons; `state`: what the account has, such as its roster;
 * `archive`: what was missed; `rooms`: what is entered.
 */
export type SessionStage = 'stream' | 'state' | 'archive' | 'rooms'

/**
 * What a plugin does when this process has a session that it has not had before.
 *
 * @param isResumed an earlier process has begun it, and this one goes on with it
 */
export type SessionHandler = (isResumed: boolean) => Handled

/** What became of something that was to be switched on while binding. */
export interface InlineBind {
  /** Whether it is on in this session: there is nothing left to ask for. */
  readonly done: boolean
}

/** A message that was written in a session that is lost, without word that it was handled. */
export interface SentMessage {
  /** The message with its id, as it was sent. */
  readonly message: Message
  /** When it was first written. */
  readonly stamp: Date
}

/** What became of a message: `handled` by the server, `missing` there, or `unknown`. */
export type SentFate = 'handled' | 'missing' | 'unknown'

/** Finds out what became of messages, given in the order in which they were sent; answers in the same order. */
export type SentFinder = (sent: readonly SentMessage[], signal: AbortSignal) => Promise<readonly SentFate[]>

/** What a plugin is given: everything registered through it ends with the plugin, in reverse order. */
export interface PluginContext extends Session {
  /** Aborted when the client closes. */
  readonly signal: AbortSignal
  /** State that outlasts the connection; the keys are the plugin's own. Closing waits a second for what is being written. */
  readonly store: StateStore
  /** Has closing wait for the promise, too, for at most a second: what is stored elsewhere, or in several steps. Returns it. */
  waitUntil<T>(work: Promise<T>): Promise<T>
  /** The features of all plugins at this moment: what the client advertises. */
  readonly features: readonly string[]
  /** Advertises one more feature until the subscription ends, such as the wish to be told about a node (XEP-0163 §4.3). */
  advertise(feature: string): Subscription
  /**
   * Keeps messages from everybody, plugins included, that say something which the plugin knows not to be so: `rejected` tells of
   * them. The function must not throw.
   */
  refuse(isRefused: (message: InboundMessage) => boolean): Subscription
  /**
   * Calls the handler with each message that everybody is done with: the same one that `onMessage` gave without a definition.
   * What must not be forgotten about a message before the application has it belongs here.
   */
  onHandled(handler: (message: InboundMessage) => void): Subscription
  /**
   * Lets messages wait for the application until the subscription ends, because earlier ones are still to come. Plugins get
   * them at once. No more than 1,000 wait.
   */
  holdMessages(): Subscription
  /** Gives a message to the application now, if it waits. */
  passMessage(message: Message): void
  /** Calls the handler each time {@link features} has changed. */
  onFeatures(handler: () => Handled): Subscription
  /**
   * The stream features that the server offered to this session after authentication (RFC 6120 §4.3.2); `undefined`
   * while there is no session.
   */
  readonly serverFeatures: XmlElement | undefined
  /**
   * Whether a session has begun, so that what is sent goes out at once. False while `onSession` handlers run, unless the
   * session is resumed.
   */
  readonly isOnline: boolean
  /**
   * Answers IQ requests of this pair. What the handler returns is the result; a `StanzaError` it throws is the answer;
   * anything else it throws becomes `internal-server-error`. Without a handler the answer is `service-unavailable`, and
   * so it is for those the filter excludes.
   *
   * @throws TypeError if the pair has a handler already
   */
  handle<Q, R>(
    pair: IqProcedure<Q, R>,
    handler: (request: Q, from: InboundRequest) => R | Promise<R>,
    filter?: StanzaFilter,
  ): Subscription
  /**
   * Calls the handler each time this process has a session that it has not had before. `online` resolves when all are done.
   *
   * Mostly that is a new one. With a store it may be one that an earlier process has begun: of that this process knows
   * nothing but its stream features, so `stream` and `state` are called with `true`. The server still has the presence and the
   * rooms and holds what was missed, so nothing is announced, and `archive` and `rooms` are not called. `onResume`
   * follows. A session that goes on in the same process is not begun again.
   *
   * A presence that a handler sends before it first waits goes before what the application has queued.
   *
   * @param stage when, among the other plugins; default `state`
   */
  onSession(handler: SessionHandler, stage?: SessionStage): Subscription
  /** Calls the handler each time an old session goes on in a new stream: what the stream itself forgets is said again. */
  onResume(handler: () => Handled): Subscription
  /**
   * Has something switched on together with binding, where the server can do that (XEP-0386 §3.2).
   *
   * @param feature what the server lists as `var`
   * @param build what goes into `<bind/>`; `undefined` asks for nothing this time
   */
  inlineBind(feature: string, build: () => XmlElement | undefined): InlineBind
  /**
   * Says that the plugin fetches from the archive what came while nobody was here. Only then is Bind 2 used, whose server
   * drops what it kept for us (XEP-0386 §3.2).
   *
   * @param covers whether nothing will be missing after the login that is about to begin
   */
  catchesUp(covers: () => boolean | Promise<boolean>): void
  /**
   * Finds out for messages of a lost session whether the server has handled them, so that none is sent twice: what an
   * archive is good for. Called before anything of the new session is sent.
   *
   * @throws TypeError if another plugin does so already
   */
  findSent(finder: SentFinder): Subscription
  /**
   * Decides what is announced when a session begins, after the `onSession` handlers and before anything that waits.
   *
   * @throws TypeError if another plugin decides already
   */
  announce(announcer: Announcer): Subscription
  /**
   * Adds to every presence that says that we are available, to everybody or to somebody, and whoever sends it; an element
   * that is there already is not added. Called for each.
   */
  decoratePresence(decorator: PresenceDecorator): PresenceDecoration
  /**
   * A message that came inside another stanza, such as a copy or an archived one, as one that was received. Whoever
   * calls this has checked that the outer stanza's sender may vouch for it.
   *
   * @throws MalformedElementError if an address is no JID
   */
  inbound(message: XmlElement, provenance: Provenance): InboundMessage
  /**
   * Sends an element that is not a stanza, for protocols the server has offered as a stream feature. It is neither
   * queued nor acknowledged; returns whether there was a session to send it in.
   *
   * @throws TypeError for a stanza, and for what belongs to the negotiation of the stream
   */
  sendNonza(element: XmlElement): boolean
  /** Makes an event of the plugin's own, for what its API offers as `onChange` and the like. */
  event<Args extends readonly unknown[]>(): PluginEvent<Args>
  /** Makes a subscription of the plugin's own, for what consists of several; it ends with the plugin at the latest. */
  subscription(dispose: () => void): Subscription
  /** Calls the listener with an event of the client, as `client.on` does. */
  on<K extends keyof ClientEvents>(name: K, listener: (event: ClientEvents[K]) => Handled): Subscription
  /** Reports an error that nobody waits for: the client's `error` event. */
  reportError(error: unknown): void
}

/**
 * An extension with state or inbound handlers. The return type of its factory is the contract:
 * `mam(options?): Plugin<'mam', Mam, { disco: Disco }>` adds `client.mam` and needs `client.disco`.
 */
export interface Plugin<Name extends string, Api, Needs extends object = {}> {
  /** The property on the client. */
  readonly name: Name
  /** What it adds to what the client advertises (XEP-0030). */
  readonly features?: readonly string[]
  /** The plugins whose APIs it calls. */
  readonly needs: { readonly [K in keyof Needs]: true }
  /** Called once per client, after the plugins it needs. */
  setup(context: PluginContext & Readonly<Needs>): Api
}

/** Any plugin, for lists of them. */
export type AnyPlugin = Plugin<string, unknown>

/** The name of a plugin. */
export type NameOf<P> = P extends Plugin<infer Name, infer _Api, infer _Needs> ? Name : never
/** What a plugin adds to the client. */
export type ApiOf<P> = P extends Plugin<string, infer Api, infer _Needs> ? Api : never
/** The APIs a plugin needs, by name. */
export type NeedsOf<P> = P extends Plugin<string, infer _Api, infer Needs> ? Needs : never

/** The plugins of a list that are there in any case; others may be, as in `...(isWanted ? [mam()] : [])`. */
type Certain<P extends readonly unknown[]> = P extends readonly [infer First, ...infer Rest]
  ? First | Certain<Rest>
  : P extends readonly [...infer Rest, infer Last]
    ? Last | Certain<Rest>
    : never

/** The APIs of these plugins by name. */
type ByName<X> = { readonly [Y in X as NameOf<Y>]: ApiOf<Y> }

/**
 * The APIs of a list of plugins by name: what they add to the client. Optional are those of plugins that stand beside others
 * and may not be there; of an array that is not written out, all are taken to be there.
 */
export type Apis<P extends readonly AnyPlugin[]> = [Certain<P>] extends [never]
  ? ByName<P[number]>
  : number extends P['length']
    ? ByName<Certain<P>> & Partial<ByName<Exclude<P[number], Certain<P>>>>
    : ByName<P[number]>

/** The list itself if every need is met; otherwise the place of the plugin holds a sentence that says what is missing. */
export type Complete<P extends readonly AnyPlugin[], Names = keyof Apis<P>> = {
  readonly [I in keyof P]: Exclude<keyof NeedsOf<P[I]>, Names> extends never
    ? P[I]
    : `plugin "${NameOf<P[I]>}" needs plugin "${Exclude<keyof NeedsOf<P[I]>, Names> & string}"`
}
