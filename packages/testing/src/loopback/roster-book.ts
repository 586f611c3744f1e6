import type { RosterItem } from '@couplet/roster'
import type { Jid, XmlElement } from '@couplet/stanza'

/** What an account's server knows about another account (RFC 6121 §2.1.2, appendix A). */
export interface RosterEntry {
  readonly jid: Jid
  name: string | undefined
  groups: readonly string[]
  /** The owner sees their presence. */
  to: boolean
  /** They see the owner's. */
  from: boolean
  /** The owner has asked. */
  ask: boolean
  /** The owner has agreed in advance. */
  approved: boolean
  /** They have asked: the stanza, kept until it is answered. */
  pending: XmlElement | undefined
  /** Whether the owner's clients get to see it. */
  listed: boolean
}

/** The roster of one account, and when each of its items has changed last. */
export class RosterBook {
  readonly #entries = new Map<string, RosterEntry>()
  /** Versions of another server's life are not ours. */
  readonly #epoch = crypto.randomUUID().slice(0, 8)
  readonly #changes = new Map<string, { readonly jid: Jid; readonly at: number }>()
  #count = 0

  /** The version as it is now (RFC 6121 §2.6). */
  get ver(): string {
    return `${this.#epoch}-${this.#count}`
  }

  /** All entries. */
  get entries(): readonly RosterEntry[] {
    return [...this.#entries.values()]
  }

  /** The items that clients get to see. */
  get items(): readonly RosterItem[] {
    return this.entries.filter(({ listed }) => listed).map(({ jid }) => this.item(jid))
  }

  /** The entry of an account, if there is one. */
  find(jid: Jid): RosterEntry | undefined {
    return this.#entries.get(jid.toString())
  }

  /** The entry of an account, which is made if there is none. */
  entry(jid: Jid): RosterEntry {
    const known = this.find(jid)
    if (known !== undefined) return known
    const flags = { to: false, from: false, ask: false, approved: false, listed: false }
    const entry: RosterEntry = { jid, name: undefined, groups: [], pending: undefined, ...flags }
    this.#entries.set(jid.toString(), entry)
    return entry
  }

  /** Forgets an account. */
  remove(jid: Jid): void {
    this.#entries.delete(jid.toString())
  }

  /** Counts a change. */
  touch(jid: Jid): void {
    this.#changes.set(jid.toString(), { jid, at: ++this.#count })
  }

  /** What a client is told about an account: its item, or that it is gone. */
  item(jid: Jid): RosterItem {
    const entry = this.find(jid)
    if (!entry?.listed) return { jid, subscription: 'remove', groups: [] }
    const { name, groups, to, from, ask, approved } = entry
    return {
      ...(approved && { approved }),
      ...(ask && { ask: 'subscribe' }),
      jid,
      ...(name !== undefined && { name }),
      subscription: to ? (from ? 'both' : 'to') : from ? 'from' : 'none',
      groups,
    }
  }

  /** Who has changed since a version, oldest change first; `undefined` for a version that was never ours. */
  changedSince(ver: string): readonly Jid[] | undefined {
    const [epoch, count] = ver.split('-')
    if (epoch !== this.#epoch || !(Number(count) <= this.#count)) return undefined
    return [...this.#changes.values()]
      .filter(({ at }) => at > Number(count))
      .sort((a, b) => a.at - b.at)
      .map(({ jid }) => jid)
  }
}
