import type { ElementDef, Iq, IqProcedure, Jid, XmlElement } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import type { LoopbackStream } from './loopback-stream.js'

/**
 * Whom a request is addressed to: `server` (the domain), `account` (the own account, or nobody), `contact` (the account of
 * another user).
 */
export type RequestTarget = 'server' | 'account' | 'contact'

/** Where a request comes from. */
export interface LoopbackRequest {
  /** Who asks. */
  readonly session: LoopbackSession
  /** The account that is asked; the own one if the server is. */
  readonly account: LoopbackAccount
  /** The stanza. */
  readonly stanza: Iq
}

/** What a module can do to messages on their way. */
export interface MessageHooks {
  /** A session sends a message; returns what goes on, `undefined` if it ends here. */
  sent?(message: XmlElement, sender: LoopbackSession): XmlElement | undefined
  /** A message arrives at an account; returns what its sessions get. */
  received?(message: XmlElement, account: LoopbackAccount): XmlElement
  /** A message that arrived was handed to these sessions; there may be none. */
  delivered?(message: XmlElement, account: LoopbackAccount, sessions: readonly LoopbackSession[]): void
  /** Whether a message is kept for an account nobody is logged in to, so that it does not come back. */
  keeps?(message: XmlElement, account: LoopbackAccount): boolean
  /** A message that was handed to a session which has ended without having it, and nobody else can take it. */
  stranded?(message: XmlElement, account: LoopbackAccount): void
}

/** What a module can do with presence. */
export interface PresenceHooks {
  /** A session broadcast its presence, or left (`unavailable`). `first` when it was not available before. */
  broadcast?(presence: XmlElement, session: LoopbackSession, first: boolean): void
  /** A session sends a subscription stanza (RFC 6121 §3); returns whether the module took it. */
  subscription?(presence: XmlElement, session: LoopbackSession): boolean
}

/** The server as its modules see it. */
export interface LoopbackHost {
  /** The domain it serves. */
  readonly domain: string
  /** All accounts. */
  readonly accounts: Iterable<LoopbackAccount>
  /** The account of a JID, whatever its resource. */
  account(jid: Jid): LoopbackAccount | undefined
  /** Answers requests: what the handler returns is the result; a `StanzaError` it throws is the answer. */
  handle<Q, R>(
    target: RequestTarget,
    pair: IqProcedure<Q, R>,
    handler: (value: Q, request: LoopbackRequest) => R | Promise<R>,
  ): void
  /** Adds to what service discovery says about the server or an account (XEP-0030). */
  advertise(target: RequestTarget, feature: string): void
  /** What was advertised so far. */
  advertised(target: RequestTarget): readonly string[]
  /** Offers a stream feature to clients that are logged in. */
  streamFeature(feature: (stream: LoopbackStream) => XmlElement | undefined): void
  /** Offers something that can be switched on with Bind 2 (XEP-0386 §3.2); what is returned is the answer. */
  bindFeature<T>(
    feature: string,
    def: ElementDef<T>,
    run: (value: T, session: LoopbackSession) => XmlElement | undefined,
  ): void
  /** Told when Bind 2 binds, before what the client switches on; what is returned is for the client to know. */
  onBind(bound: (session: LoopbackSession) => XmlElement | undefined): void
  /** Takes elements of the stream that are not stanzas. */
  onElement<T>(def: ElementDef<T>, handler: (value: T, stream: LoopbackStream) => void): void
  /** Watches messages. */
  onMessage(hooks: MessageHooks): void
  /** Watches presence. */
  onPresence(hooks: PresenceHooks): void
  /** Asked when the connection of a session breaks without a word: whether the session stays, to be resumed. */
  onLost(keep: (session: LoopbackSession) => boolean): void
  /** Told when a session is over. */
  onEnd(ended: (session: LoopbackSession) => void): void
  /** Takes all stanzas for another domain, such as `rooms.example.org`; they have a full `from`. */
  serve(domain: string, handler: (stanza: XmlElement) => void): void
  /** The other domains that are served. */
  readonly served: readonly string[]
  /** Sends a stanza from wherever its `from` says to wherever its `to` says. */
  route(stanza: XmlElement): void
  /** Ends a session and what hangs on it, as if its connection had been closed. */
  endSession(session: LoopbackSession): void
  /**
   * Does with a stanza that a session was sent, and has ended without acknowledging, what is done with stanzas for
   * resources that are not there (XEP-0198 §4): others get it, it waits, or it comes back.
   */
  strand(stanza: XmlElement, session: LoopbackSession, sent: Date): void
}

/** One concern of the server. */
export interface LoopbackModule {
  /** For errors. */
  readonly name: string
  /** Called once, when the server starts. */
  setup(host: LoopbackHost): void
}
