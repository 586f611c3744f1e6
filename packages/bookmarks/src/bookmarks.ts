import type { CallOptions, Handled, Plugin, PluginContext, Subscription } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import type { Pep } from '@couplet/pep'
import { type BareJid, Jid } from '@couplet/stanza'
import { Bookmark, type BookmarkUpdate, updated } from './bookmark.js'
import { type BookmarkChange, BookmarkSet } from './bookmark-set.js'
import { BookmarkSync, conditionOf } from './bookmark-sync.js'
import { bookmarksNode, type Conference } from './elements.js'
import { InTurn } from './in-turn.js'
import { oldBookmarks } from './old-bookmarks.js'

/** What `client.bookmarks` offers. */
export interface Bookmarks {
  /** The bookmarks by room, as the server has told last; complete when `online` resolves. Nothing is joined by itself. */
  readonly all: ReadonlyMap<string, Bookmark>
  /** Whether the account can hold bookmarks; `undefined` before the first session. */
  readonly supported: boolean | undefined
  /** The bookmark of a room. */
  of(room: Jid | string): Bookmark | undefined
  /**
   * Makes a bookmark, or changes the one there is: what is not said stays, with all that others have added. With
   * `{ autojoin: false }` the room is remembered and not entered.
   *
   * @throws PepError if the server does not guarantee that nobody else can read it; nothing was sent then (S-148)
   * @throws StanzaError if the server refuses
   * @throws MalformedElementError if something else is stored there, which is left alone
   * @throws RangeError for an address with a resource
   */
  set(room: Jid | string, update?: BookmarkUpdate, options?: CallOptions): Promise<Bookmark>
  /**
   * Removes a bookmark; one that does not exist is removed already.
   *
   * @throws StanzaError if the server refuses
   */
  remove(room: Jid | string, options?: CallOptions): Promise<void>
  /** Calls the handler with every change, whoever made it; at the beginning of a session with what has changed since. */
  onChange(handler: (change: BookmarkChange) => Handled): Subscription
  /**
   * Brings in what older clients have stored (XEP-0048, in private storage or in one item), unless the server does that
   * itself, and returns what is new. A room that has a bookmark keeps it as it is; each old one is brought in once per
   * `store`, so that one that was removed since stays away. What is stored is not changed.
   *
   * @throws PepError or StanzaError as {@link set}; what was brought in until then stays, and the next call goes on
   */
  importOld(options?: CallOptions): Promise<readonly Bookmark[]>
}

/** The plugin: rooms that are remembered, in all clients of the account (XEP-0402). */
export function bookmarks(): Plugin<'bookmarks', Bookmarks, { pep: Pep; disco: Disco }> {
  return {
    name: 'bookmarks',
    needs: { pep: true, disco: true },
    setup: (context) => new AccountBookmarks(context),
  }
}

/** The record of what was brought in. */
const importKey = 'imported'
const importVersion = 1

class AccountBookmarks implements Bookmarks {
  readonly all: ReadonlyMap<string, Bookmark>
  readonly #context: PluginContext & { readonly pep: Pep; readonly disco: Disco }
  readonly #set: BookmarkSet
  readonly #sync: BookmarkSync
  readonly #turns = new InTurn()
  readonly onChange: Bookmarks['onChange']

  constructor(context: PluginContext & { readonly pep: Pep; readonly disco: Disco }) {
    const changed = context.event<[BookmarkChange]>()
    this.#context = context
    this.#set = new BookmarkSet(changed)
    this.#sync = new BookmarkSync(context, this.#set)
    this.all = this.#set.all
    this.onChange = (handler) => changed.on(handler)
  }

  get supported(): boolean | undefined {
    return this.#sync.supported
  }

  of(room: Jid | string): Bookmark | undefined {
    return this.all.get((typeof room === 'string' ? Jid.parse(room) : room).bare.toString())
  }

  async set(room: Jid | string, update: BookmarkUpdate = {}, options: CallOptions = {}): Promise<Bookmark> {
    const jid = roomOf(room)
    return this.#turns.run(async () => {
      const id = this.#set.idsOf(jid.toString()).at(-1) ?? jid.toString()
      // Not what we have heard of, but what is there: what others have added must be kept (§3.4).
      const current = await this.#context.pep.node(bookmarksNode).item(id, options)
      const conference = updated(current?.value ?? {}, update)
      await this.#publish(id, conference, options)
      return new Bookmark(jid, conference)
    }, options.signal)
  }

  async remove(room: Jid | string, { signal }: CallOptions = {}): Promise<void> {
    const jid = roomOf(room)
    await this.#turns.run(async () => {
      const ids = this.#set.idsOf(jid.toString())
      const node = this.#context.pep.node(bookmarksNode)
      for (const id of ids.length === 0 ? [jid.toString()] : ids) {
        const retract = (): Promise<void> =>
          node.retract(id, { notify: true, signal }).catch((error: unknown) => {
            if (conditionOf(error) !== 'item-not-found') throw error
          })
        await this.#sync.write(id, retract, () => this.#set.delete(id))
      }
    }, signal)
  }

  importOld(options: CallOptions = {}): Promise<readonly Bookmark[]> {
    return this.#turns.run(async () => {
      const old = await oldBookmarks(this.#context, options)
      const done = await this.#imported()
      const news = old.filter(({ jid }) => !done.has(jid.toString()))
      if (news.length === 0) return []
      const current = await this.#sync.items(options)
      const rooms = new Set([...current.keys()].map((id) => Jid.tryParse(id)?.toString()))
      const added: Bookmark[] = []
      for (const { jid, conference } of news) {
        const id = jid.toString()
        if (!rooms.has(id) && (await this.#isFree(id, options))) {
          await this.#publish(id, conference, options)
          added.push(new Bookmark(jid, conference))
        }
        done.add(id)
        await this.#remember(done)
      }
      return added
    }, options.signal)
  }

  #publish(id: string, conference: Conference, { signal }: CallOptions): Promise<void> {
    const publish = (): Promise<unknown> => this.#context.pep.publish(bookmarksNode, conference, { id, signal })
    return this.#sync.write(id, publish, () => this.#set.put(id, conference))
  }

  /** Another client may just have made one; and what cannot be read is there, too. */
  async #isFree(id: string, options: CallOptions): Promise<boolean> {
    try {
      return (await this.#context.pep.node(bookmarksNode).item(id, options)) === undefined
    } catch (error) {
      if ((error as Partial<Error>).name === 'MalformedElementError') return false
      throw error
    }
  }

  async #imported(): Promise<Set<string>> {
    const record = await this.#context.store.get(importKey)
    const list = record?.version === importVersion && Array.isArray(record.value) ? record.value : []
    return new Set(list.filter((each): each is string => typeof each === 'string'))
  }

  #remember(done: ReadonlySet<string>): Promise<void> {
    return this.#context.store.batch([{ key: importKey, record: { version: importVersion, value: [...done] } }])
  }
}

function roomOf(room: Jid | string): BareJid {
  const jid = typeof room === 'string' ? Jid.parse(room) : room
  if (!jid.isBare()) throw new RangeError('the address of a room has no resource')
  return jid
}
