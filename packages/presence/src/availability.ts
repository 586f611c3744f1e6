import type { BareJid, Jid, Presence } from '@couplet/stanza'

/** Anybody can send presence: what is remembered about strangers is bounded. */
const limits = { accounts: 10_000, resources: 20_000, resourcesOfOne: 100 } as const

/** RFC 6121 §4.7.2.1: from most to least willing to talk. */
const shows: readonly (string | undefined)[] = ['chat', undefined, 'away', 'xa', 'dnd']

interface Account {
  readonly jid: BareJid
  /** By resource, the one that spoke last at the end. */
  readonly resources: Map<string, Presence>
}

/** Who is available, and where: the last presence of each resource of each account (RFC 6121 §4). */
export class Availability {
  readonly #accounts = new Map<string, Account>()
  /** The resources of all of them. */
  #count = 0

  /** The available resources of an account, best first: by priority, then by `show`, then who spoke last. */
  of(jid: Jid): readonly Presence[] {
    const resources = [...(this.#accounts.get(jid.bare.toString())?.resources.values() ?? [])].reverse()
    return resources.sort((a, b) => b.priority - a.priority || shows.indexOf(a.show) - shows.indexOf(b.show))
  }

  /** Forgets an account; returns it if it was available. */
  forget({ bare }: Jid): BareJid | undefined {
    return this.#gone(bare)
  }

  /** Takes a presence; returns the account if something about it has changed. */
  take(presence: Presence, from: Jid): BareJid | undefined {
    if (presence.type === undefined) return this.#available(presence, from)
    // RFC 6121 §4.3: also an error says that nobody is there.
    return presence.type === 'unavailable' || presence.type === 'error' ? this.#gone(from) : undefined
  }

  /** Forgets everything; returns the accounts that were available. */
  clear(): readonly BareJid[] {
    const jids = [...this.#accounts.values()].map(({ jid }) => jid)
    this.#accounts.clear()
    this.#count = 0
    return jids
  }

  #available(presence: Presence, { bare, resource = '' }: Jid): BareJid | undefined {
    const key = bare.toString()
    const known = this.#accounts.get(key)
    // Whoever comes late is not remembered, so that nobody can drive out those who are known.
    const isFull = this.#accounts.size >= limits.accounts || this.#count >= limits.resources
    if (known === undefined && isFull) return undefined
    const account = known ?? { jid: bare, resources: new Map() }
    this.#accounts.set(key, account)
    const { resources } = account
    this.#remove(resources, resource)
    const [oldest] = resources.keys()
    const isOneTooMany = resources.size >= limits.resourcesOfOne || this.#count >= limits.resources
    if (isOneTooMany && oldest !== undefined) this.#remove(resources, oldest)
    resources.set(resource, presence)
    this.#count++
    return bare
  }

  #remove(resources: Map<string, Presence>, resource: string): boolean {
    const isRemoved = resources.delete(resource)
    if (isRemoved) this.#count--
    return isRemoved
  }

  /** Without a resource it is about the whole account. */
  #gone({ bare, resource }: Jid): BareJid | undefined {
    const key = bare.toString()
    const resources = this.#accounts.get(key)?.resources
    if (resources === undefined) return undefined
    if (resource === undefined) for (const each of [...resources.keys()]) this.#remove(resources, each)
    else if (!this.#remove(resources, resource)) return undefined
    if (resources.size === 0) this.#accounts.delete(key)
    return bare
  }
}
