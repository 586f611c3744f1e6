import { Jid, type StanzaErrorCondition, type XmlElement } from '@couplet/stanza'
import { LoopbackAccount, LoopbackSession } from './account.js'
import { bounce } from './bounce.js'
import type { LoopbackHost, LoopbackModule } from './loopback-module.js'
import type { LoopbackStream } from './loopback-stream.js'
import { ModuleHooks } from './module-hooks.js'
import { routeIq } from './route-iq.js'
import { routeMessage, strand } from './route-message.js'
import { broadcastPresence, leave, noteDirected, routePresence } from './route-presence.js'

/** Accounts, sessions and routing of a loopback server; where its modules meet. */
export class LoopbackCore extends ModuleHooks implements LoopbackHost {
  readonly domain: string
  readonly #accounts = new Map<string, LoopbackAccount>()
  readonly #served = new Map<string, (stanza: XmlElement) => void>()

  constructor(domain: string, modules: readonly LoopbackModule[]) {
    super()
    this.domain = Jid.of({ domain }).toString()
    for (const module of modules) module.setup(this)
  }

  get accounts(): Iterable<LoopbackAccount> {
    return this.#accounts.values()
  }

  /** Adds an account. @throws InvalidJidError if the name cannot be one */
  addAccount(name: string, password: string): LoopbackAccount {
    const account = new LoopbackAccount(Jid.of({ local: name, domain: this.domain }).bare, password)
    this.#accounts.set(account.jid.toString(), account)
    return account
  }

  account(jid: Jid): LoopbackAccount | undefined {
    return this.#accounts.get(jid.bare.toString())
  }

  /** The account of a user name as a client gives it. */
  accountOf(name: string): LoopbackAccount | undefined {
    const jid = Jid.tryParse(`${name}@${this.domain}`)
    return jid && this.account(jid)
  }

  /** The session of a full JID. */
  session(jid: Jid): LoopbackSession | undefined {
    return jid.resource === undefined ? undefined : this.account(jid)?.sessions.get(jid.resource)
  }

  serve(domain: string, handler: (stanza: XmlElement) => void): void {
    this.#served.set(Jid.of({ domain }).toString(), handler)
  }

  get served(): readonly string[] {
    return [...this.#served.keys()]
  }

  /** Binds a resource; one that is taken or empty is exchanged for a new one (RFC 6120 §7.7.2.2). */
  bind(account: LoopbackAccount, wanted: string, stream: LoopbackStream): LoopbackSession {
    const asked = wanted === '' ? undefined : account.jid.withResource(wanted)
    const holder = asked && account.sessions.get(asked.resource)
    if (holder !== undefined && holder.stream === undefined) this.endSession(holder) // nobody is there
    const isFree = asked !== undefined && !account.sessions.has(asked.resource)
    const jid = isFree ? asked : account.jid.withResource(crypto.randomUUID())
    const session = new LoopbackSession(account, jid, stream)
    account.sessions.set(jid.resource, session)
    return session
  }

  /** The stream of a session is over; what broke without a word may be kept (XEP-0198 §8). */
  lost(session: LoopbackSession, stream: LoopbackStream, isClean: boolean): void {
    if (session.stream !== stream) return // it goes on elsewhere
    session.stream = undefined
    if (isClean || !this.keeps(session)) this.endSession(session)
  }

  endSession(session: LoopbackSession): void {
    const { sessions } = session.account
    if (sessions.get(session.jid.resource) !== session) return
    leave(this, session)
    sessions.delete(session.jid.resource)
    this.ended(session)
  }

  strand(stanza: XmlElement, session: LoopbackSession, sent: Date): void {
    strand(this, stanza, session, sent)
  }

  /** Takes a stanza of a client, with the sender's full JID. */
  take(stanza: XmlElement, sender: LoopbackSession): void {
    if (stanza.name === 'presence' && stanza.attr('to') === undefined) {
      broadcastPresence(this, stanza, sender)
      return
    }
    let outgoing = stanza
    if (stanza.name === 'message') {
      // RFC 6120 §10.3.1: without an addressee it is for the own account.
      if (stanza.attr('to') === undefined) outgoing = stanza.with({ to: sender.account.jid.toString() })
      for (const { sent } of this.messageHooks) {
        const next = sent === undefined ? outgoing : sent(outgoing, sender)
        if (next === undefined) return
        outgoing = next
      }
    }
    if (stanza.name === 'presence') noteDirected(stanza, sender)
    this.route(outgoing, sender)
  }

  route(stanza: XmlElement, sender?: LoopbackSession): void {
    const address = stanza.attr('to')
    const to = address === undefined ? undefined : Jid.tryParse(address)
    if (address !== undefined && to === undefined) {
      this.bounce(stanza, 'jid-malformed')
      return
    }
    if (to !== undefined && to.domain !== this.domain) {
      const served = this.#served.get(to.domain)
      if (served === undefined) this.bounce(stanza, 'remote-server-not-found')
      else served(stanza)
    } else if (stanza.name === 'message') routeMessage(this, stanza, to as Jid)
    else if (stanza.name === 'presence') routePresence(this, stanza, to as Jid, sender)
    else routeIq(this, stanza, to, sender)
  }

  /** Sends a stanza back with an error, unless it is one that must not be answered. */
  bounce(stanza: XmlElement, condition: StanzaErrorCondition): void {
    const error = bounce(stanza, condition)
    if (error !== undefined) this.route(error)
  }
}
