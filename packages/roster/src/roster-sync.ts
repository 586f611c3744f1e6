import type { PluginContext, PluginEvent } from '@couplet/client'
import { StanzaError } from '@couplet/stanza'
import { Contacts, contactOf, type RosterChange } from './contacts.js'
import { getRoster, type RosterItem, type RosterQuery, RosterVersioning, setRoster } from './elements.js'
import { type CachedRoster, RosterCache } from './roster-cache.js'

/** Keeps the contacts as the server has them: the whole roster when a session begins, and every push after it. */
export class RosterSync {
  /** The contacts. */
  readonly contacts: Contacts
  readonly #context: PluginContext
  readonly #cache: RosterCache
  /** The version of what we have; `undefined` if the server gives none. */
  #ver: string | undefined
  /** Pushes that came while the roster was being fetched. */
  #waiting: RosterQuery[] | undefined
  #loaded = false
  /** Whether nothing is missing: only then a version stands for what we have. */
  #complete = false

  constructor(context: PluginContext, changed: PluginEvent<[RosterChange]>) {
    this.#context = context
    this.contacts = new Contacts(changed)
    this.#cache = new RosterCache(
      () => context.store,
      (error) => context.reportError(error),
    )
    // RFC 6121 §2.1.6: from anyone else it is an attempt to write into our roster.
    context.handle(setRoster, (push) => this.#takePush(push), { from: 'ownAccount' })
    // Not when a session goes on in this process: the pushes that were missed come with it.
    context.onSession(() => this.#fetch(), 'state')
  }

  #takePush(push: RosterQuery): void {
    const [item, ...more] = push.items
    // §2.1.6: exactly one item. A contact has no resource.
    if (item === undefined || more.length > 0 || !item.jid.isBare()) throw new StanzaError({ condition: 'bad-request' })
    if (this.#waiting !== undefined) this.#waiting.push(push)
    else {
      this.#apply(item, push.ver)
      this.#save()
    }
  }

  #apply(item: RosterItem, ver: string | undefined): void {
    const contact = contactOf(item)
    if (contact === undefined) this.contacts.delete(item.jid)
    else this.contacts.set(contact)
    if (this.#complete) this.#ver = ver ?? this.#ver
  }

  async #fetch(): Promise<void> {
    const waiting: RosterQuery[] = []
    this.#waiting = waiting
    this.#complete = false
    try {
      await this.#load()
      // §2.6.2: a server that does not offer versions may not be asked with one.
      const asked = this.#context.serverFeatures?.get(RosterVersioning) ? (this.#ver ?? '') : undefined
      const result = await this.#context.request(getRoster, { ...(asked !== undefined && { ver: asked }), items: [] })
      // §2.6.3: an empty result to a known version says that nothing has changed, or that pushes follow.
      if (result !== undefined || !asked) {
        this.contacts.replace((result?.items ?? []).flatMap((item) => contactOf(item) ?? []))
        this.#ver = result?.ver
      }
      this.#complete = true
    } catch (error) {
      // The next session fetches again; a lost connection is the client's to report.
      if ((error as Partial<Error>).name !== 'ConnectionError') throw error
    } finally {
      if (this.#waiting === waiting) this.#waiting = undefined
      // Also if it failed: they are answered, so nobody says them again.
      for (const { items, ver } of waiting) for (const item of items) this.#apply(item, ver)
      this.#save()
    }
  }

  async #load(): Promise<void> {
    if (this.#loaded) return
    const cached = await this.#cache.read()
    this.#loaded = true
    if (cached === undefined) return
    this.contacts.replace(cached.contacts)
    this.#ver = cached.ver
  }

  #save(): void {
    if (!this.#complete) return
    this.#cache.write(() => this.#known())
  }

  #known(): CachedRoster | undefined {
    return this.#ver === undefined ? undefined : { ver: this.#ver, contacts: [...this.contacts.all.values()] }
  }
}
