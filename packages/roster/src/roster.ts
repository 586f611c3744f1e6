import type { CallOptions, Handled, Plugin, Subscription } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import type { Contact, RosterChange } from './contacts.js'
import { setRoster } from './elements.js'
import { RosterSync } from './roster-sync.js'

/** What the user decides about a contact. */
export interface ContactInit {
  /** What the user calls them. */
  readonly name?: string | undefined
  /** The groups they are in. */
  readonly groups?: readonly string[]
}

/** What `client.roster` offers. */
export interface Roster {
  /** The contacts by bare JID, always as the server has told last; those of the last session until it does. */
  readonly contacts: ReadonlyMap<string, Contact>
  /** The contact with this address, whatever its resource. */
  get(jid: Jid | string): Contact | undefined
  /** Calls the handler with every change, whoever made it; at the beginning of a session with what has changed since. */
  onChange(handler: (change: RosterChange) => Handled): Subscription
  /**
   * Puts somebody into the roster, or replaces name and groups. Resolves when the server has agreed; `contacts` changes
   * when it tells all clients. Does not ask to see their presence.
   *
   * @throws StanzaError if the server refuses
   */
  add(jid: Jid | string, contact?: ContactInit, options?: CallOptions): Promise<void>
  /**
   * Changes what is given and keeps the rest; `name: undefined` takes the name away.
   *
   * @throws RangeError if they are not in the roster
   * @throws StanzaError if the server refuses
   */
  update(jid: Jid | string, contact: ContactInit, options?: CallOptions): Promise<void>
  /**
   * Removes somebody, and with them the subscriptions in both directions (RFC 6121 §2.5).
   *
   * @throws StanzaError `item-not-found` if they are not in the roster
   */
  remove(jid: Jid | string, options?: CallOptions): Promise<void>
}

/** The plugin: keeps the roster up to date (RFC 6121 §2), and changes it. */
export function roster(): Plugin<'roster', Roster> {
  return {
    name: 'roster',
    needs: {},
    setup(context) {
      const changed = context.event<[RosterChange]>()
      const { contacts } = new RosterSync(context, changed)
      const get: Roster['get'] = (jid) => contacts.all.get(bare(jid).toString())
      const set = (jid: Jid, { name, groups = [] }: ContactInit, options?: CallOptions): Promise<void> =>
        context.request(setRoster, { items: [{ jid, ...(name && { name }), groups: [...new Set(groups)] }] }, options)
      return {
        contacts: contacts.all,
        get,
        onChange: (handler) => changed.on(handler),
        add: async (jid, contact = {}, options) => set(bare(jid), contact, options),
        async update(jid, contact, options) {
          const known = get(jid)
          if (known === undefined) throw new RangeError('not in the roster')
          await set(known.jid, { name: known.name, groups: known.groups, ...contact }, options)
        },
        remove: async (jid, options) =>
          context.request(setRoster, { items: [{ jid: bare(jid), subscription: 'remove', groups: [] }] }, options),
      }
    },
  }
}

const bare = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid).bare
