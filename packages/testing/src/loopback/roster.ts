import { PreApproval } from '@couplet/presence'
import {
  getRoster,
  type RosterItem,
  RosterQuery,
  type RosterResult,
  RosterVersioning,
  setRoster,
} from '@couplet/roster'
import { iq, type Jid, StanzaError } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import type { LoopbackHost, LoopbackModule } from './loopback-module.js'
import { RosterBook } from './roster-book.js'
import { type RosterKeeper, Subscriptions } from './subscriptions.js'

/** The rosters of the accounts (RFC 6121 §2) with versions, and the subscriptions between them (§3, §4). */
export function rosterModule(): LoopbackModule {
  return {
    name: 'roster',
    setup(host) {
      const rosters = new Rosters(host)
      host.streamFeature(() => RosterVersioning())
      host.streamFeature(() => PreApproval())
      host.handle('account', getRoster, ({ ver }, { session }) => rosters.get(session, ver))
      host.handle('account', setRoster, ({ items }, { account }) => rosters.set(account, items))
      host.onPresence({
        subscription(stanza, { account }) {
          rosters.subscriptions.take(stanza, account)
          return true
        },
        broadcast: (stanza, session, first) => rosters.subscriptions.broadcast(stanza, session, first),
      })
    },
  }
}

class Rosters implements RosterKeeper {
  readonly subscriptions: Subscriptions
  readonly #books = new WeakMap<LoopbackAccount, RosterBook>()
  /** Sessions that have asked for the roster are told about changes (RFC 6121 §2.1.6). */
  readonly #interested = new WeakSet<LoopbackSession>()

  constructor(host: LoopbackHost) {
    this.subscriptions = new Subscriptions(host, this)
  }

  book(account: LoopbackAccount): RosterBook {
    const book = this.#books.get(account) ?? new RosterBook()
    this.#books.set(account, book)
    return book
  }

  changed(account: LoopbackAccount, contact: Jid): void {
    const book = this.book(account)
    if (book.find(contact)?.listed === false) return // it is being removed, which is one change
    book.touch(contact)
    for (const session of account.sessions.values()) if (this.#interested.has(session)) this.#push(session, contact)
  }

  /** RFC 6121 §2.6.3: a version that is known gets what has changed since as pushes, after an empty answer. */
  get(session: LoopbackSession, known: string | undefined): RosterResult | undefined {
    this.#interested.add(session)
    const book = this.book(session.account)
    const changes = known === undefined ? undefined : book.changedSince(known)
    if (changes === undefined) return { ver: book.ver, items: book.items }
    queueMicrotask(() => {
      for (const jid of changes) this.#push(session, jid)
    })
    return undefined
  }

  set(account: LoopbackAccount, [item, ...more]: readonly RosterItem[]): void {
    if (item === undefined || more.length > 0) throw new StanzaError({ condition: 'bad-request' })
    const jid = item.jid.bare
    if (item.subscription === 'remove') this.#remove(account, jid)
    else {
      // §2.1.2.5: of the subscription a client cannot say anything else.
      Object.assign(this.book(account).entry(jid), { name: item.name, groups: item.groups, listed: true })
      this.changed(account, jid)
    }
  }

  /** §2.5.2: with the item, the subscriptions end. */
  #remove(account: LoopbackAccount, jid: Jid): void {
    const book = this.book(account)
    const entry = book.find(jid)
    if (!entry?.listed) throw new StanzaError({ condition: 'item-not-found' })
    entry.listed = false
    this.subscriptions.unsubscribe(account, jid)
    this.subscriptions.cancel(account, jid)
    book.remove(jid)
    this.changed(account, jid)
  }

  #push(session: LoopbackSession, contact: Jid): void {
    const book = this.book(session.account)
    const query = RosterQuery({ ver: book.ver, items: [book.item(contact)] })
    session.deliver(iq({ type: 'set', id: crypto.randomUUID(), from: session.account.jid }, query).element)
  }
}
