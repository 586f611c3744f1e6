import type { PluginEvent } from '@couplet/client'
import { type BareJid, flatten, intern, Jid } from '@couplet/stanza'
import type { RosterItem } from './elements.js'

/** Somebody in the roster (RFC 6121 §2.1.2). */
export interface Contact {
  /** The address, without a resource. */
  readonly jid: BareJid
  /** What the user calls them. */
  readonly name: string | undefined
  /** Who sees whose presence: we see theirs (`to`), they see ours (`from`), `both`, or `none`. */
  readonly subscription: 'none' | 'to' | 'from' | 'both'
  /** We have asked to see their presence, and have no answer yet. */
  readonly asked: boolean
  /** They may see our presence as soon as they ask (§3.4). */
  readonly approved: boolean
  /** The groups the user has put them in. */
  readonly groups: readonly string[]
}

/** What has happened to a contact. */
export type RosterChange =
  | { readonly type: 'added'; readonly contact: Contact }
  | { readonly type: 'updated'; readonly contact: Contact; readonly previous: Contact }
  | { readonly type: 'removed'; readonly contact: Contact }

/**
 * The contact of an item, with text of its own: it stays for as long as the client does, and what it was read from, a
 * roster of perhaps a megabyte, does not. `undefined` for one that is removed, or whose address is not one of a contact.
 */
export function contactOf({
  jid,
  name,
  subscription = 'none',
  ask,
  approved,
  groups,
}: RosterItem): Contact | undefined {
  if (!jid.isBare() || subscription === 'remove') return undefined
  return {
    jid: Jid.parse(flatten(jid.toString())).bare,
    name: name === undefined ? undefined : flatten(name),
    subscription,
    asked: ask !== undefined,
    approved: approved ?? false,
    // A few, of many contacts.
    groups: [...new Set(groups.map(intern))],
  }
}

/** The contacts by bare JID, and who wants to know about changes. */
export class Contacts {
  /** By JID, as text. */
  readonly all: ReadonlyMap<string, Contact>
  readonly #all = new Map<string, Contact>()
  readonly #changed: PluginEvent<[RosterChange]>

  /** @param changed told about every change */
  constructor(changed: PluginEvent<[RosterChange]>) {
    this.all = this.#all
    this.#changed = changed
  }

  /** Adds or changes a contact. */
  set(contact: Contact): void {
    const key = contact.jid.toString()
    const previous = this.#all.get(key)
    if (previous !== undefined && isSame(previous, contact)) return
    this.#all.set(key, contact)
    this.#changed.emit(previous === undefined ? { type: 'added', contact } : { type: 'updated', contact, previous })
  }

  /** Removes a contact. */
  delete(jid: Jid): void {
    const contact = this.#all.get(jid.toString())
    this.#all.delete(jid.toString())
    if (contact !== undefined) this.#changed.emit({ type: 'removed', contact })
  }

  /** Makes these the contacts; only what differs is a change. */
  replace(contacts: readonly Contact[]): void {
    const kept = new Set(contacts.map(({ jid }) => jid.toString()))
    for (const [key, { jid }] of [...this.#all]) if (!kept.has(key)) this.delete(jid)
    for (const contact of contacts) this.set(contact)
  }
}

/** Both come from {@link contactOf}, and a JID has one text. */
const isSame = (one: Contact, other: Contact): boolean => JSON.stringify(parts(one)) === JSON.stringify(parts(other))

const parts = ({ name, subscription, asked, approved, groups }: Contact): readonly unknown[] => [
  name,
  subscription,
  asked,
  approved,
  [...groups].sort(),
]
