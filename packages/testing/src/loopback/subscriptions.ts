import { Jid, type PresenceType, presence, type XmlElement } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import type { LoopbackHost } from './loopback-module.js'
import type { RosterBook } from './roster-book.js'

/** What subscriptions need from the roster. */
export interface RosterKeeper {
  /** The roster of an account. */
  book(account: LoopbackAccount): RosterBook
  /** Counts a change of an item, and tells the owner's clients. */
  changed(account: LoopbackAccount, contact: Jid): void
}

/** Who sees whose presence: RFC 6121 §3 between accounts of this server, and §4 for those who do. */
export class Subscriptions {
  readonly #host: LoopbackHost
  readonly #keeper: RosterKeeper

  constructor(host: LoopbackHost, keeper: RosterKeeper) {
    this.#host = host
    this.#keeper = keeper
  }

  /** A client sends a subscription stanza. */
  take(stanza: XmlElement, owner: LoopbackAccount): void {
    const contact = Jid.parse(stanza.attr('to') as string)
    if (contact.equals(owner.jid)) return
    const type = stanza.attr('type') as PresenceType
    if (type === 'subscribe') this.#subscribe(owner, contact, stanza)
    else if (type === 'subscribed') this.#approve(owner, contact)
    else if (type === 'unsubscribe') this.unsubscribe(owner, contact)
    else this.cancel(owner, contact)
  }

  /** RFC 6121 §3.1.2: the owner asks; §3.1.3: the contact's server answers, or asks the contact. */
  #subscribe(owner: LoopbackAccount, contact: Jid, stanza: XmlElement): void {
    const entry = this.#keeper.book(owner).entry(contact)
    if (!entry.to && !entry.ask) {
      Object.assign(entry, { ask: true, listed: true })
      this.#keeper.changed(owner, contact)
    }
    const asked = this.#host.account(contact)
    if (asked === undefined) return
    const theirs = this.#keeper.book(asked).entry(owner.jid)
    if (theirs.approved && !theirs.from) {
      // §3.4.2: approved in advance.
      Object.assign(theirs, { from: true, approved: false, pending: undefined })
      this.#keeper.changed(asked, owner.jid)
    }
    if (theirs.from) this.#subscribed(owner, asked)
    else {
      theirs.pending = stanza
      deliver(asked, stanza)
    }
  }

  /** §3.1.5: the owner approves a request, or one that may come (§3.4.1). */
  #approve(owner: LoopbackAccount, contact: Jid): void {
    const entry = this.#keeper.book(owner).entry(contact)
    if (entry.from) return
    const wasAsked = entry.pending !== undefined
    Object.assign(entry, { from: wasAsked, approved: !wasAsked, pending: undefined, listed: true })
    this.#keeper.changed(owner, contact)
    const subscriber = this.#host.account(contact)
    if (wasAsked && subscriber !== undefined) this.#subscribed(subscriber, owner)
  }

  /** §3.1.6: the subscriber's server hears of it. */
  #subscribed(subscriber: LoopbackAccount, contact: LoopbackAccount): void {
    const entry = this.#keeper.book(subscriber).entry(contact.jid)
    if (!entry.ask) return
    Object.assign(entry, { ask: false, to: true })
    this.#keeper.changed(subscriber, contact.jid)
    deliver(subscriber, between('subscribed', contact.jid, subscriber.jid))
    for (const { presence: known } of contact.available) if (known) show(subscriber, known)
  }

  /** §3.3: the owner does not want to see the contact's presence any more. */
  unsubscribe(owner: LoopbackAccount, contact: Jid): void {
    const entry = this.#keeper.book(owner).entry(contact)
    if (entry.to || entry.ask) {
      Object.assign(entry, { to: false, ask: false })
      this.#keeper.changed(owner, contact)
    }
    const account = this.#host.account(contact)
    const theirs = account && this.#keeper.book(account).find(owner.jid)
    if (account === undefined || theirs === undefined) return
    const saw = theirs.from
    if (!saw && theirs.pending === undefined) return
    Object.assign(theirs, { from: false, pending: undefined })
    if (saw) this.#keeper.changed(account, owner.jid)
    deliver(account, between('unsubscribe', owner.jid, contact))
    if (saw) hide(account, owner)
  }

  /** §3.2: the owner does not let the contact see the presence, or not any more. */
  cancel(owner: LoopbackAccount, contact: Jid): void {
    const entry = this.#keeper.book(owner).entry(contact)
    const { from, approved, pending } = entry
    Object.assign(entry, { from: false, approved: false, pending: undefined })
    if (from || approved) this.#keeper.changed(owner, contact)
    const account = this.#host.account(contact)
    const theirs = account && this.#keeper.book(account).find(owner.jid)
    if (account === undefined || !(from || pending) || !(theirs?.to || theirs?.ask)) return
    Object.assign(theirs, { to: false, ask: false })
    this.#keeper.changed(account, owner.jid)
    deliver(account, between('unsubscribed', owner.jid, contact))
    if (from) hide(owner, account)
  }

  /** §4.2, §4.4, §4.5: those who may see a presence do; who comes sees the others, and what was asked meanwhile. */
  broadcast(stanza: XmlElement, session: LoopbackSession, first: boolean): void {
    for (const { jid, from, to, pending } of this.#keeper.book(session.account).entries) {
      const contact = this.#host.account(jid)
      if (from && contact !== undefined) show(contact, stanza)
      if (!first) continue
      if (to) for (const { presence: known } of contact?.available ?? []) if (known) session.deliver(known)
      if (pending !== undefined) session.deliver(pending)
    }
  }
}

const between = (type: PresenceType, from: Jid, to: Jid): XmlElement => presence({ type, from, to }).element

const deliver = (account: LoopbackAccount, stanza: XmlElement): void => {
  for (const session of account.available) session.deliver(stanza)
}

const show = (account: LoopbackAccount, stanza: XmlElement): void =>
  deliver(account, stanza.with({ to: account.jid.toString() }))

/** To those who may not see it any more, everybody is gone. */
const hide = (account: LoopbackAccount, from: LoopbackAccount): void => {
  for (const { jid } of account.available) show(from, presence({ type: 'unavailable', from: jid }).element)
}
