import type { PluginEvent } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import { Bookmark } from './bookmark.js'
import { Conference } from './elements.js'

/** What has happened to a bookmark, whichever client did it. */
export interface BookmarkChange {
  /** Whether it is new, is another than before, or is gone. */
  readonly type: 'added' | 'changed' | 'removed'
  /** The bookmark as it is, or was before it was removed. */
  readonly bookmark: Bookmark
  /** What it was before it was changed. */
  readonly before?: Bookmark | undefined
}

interface Entry {
  readonly bookmark: Bookmark
  readonly conference: Conference
}

/** The bookmarks as far as they are known, and who wants to know about changes. */
export class BookmarkSet {
  /** By room. */
  readonly all: ReadonlyMap<string, Bookmark>
  readonly #all = new Map<string, Bookmark>()
  /** By room, then by the id of the item: clients that do not normalise have made two of one. */
  readonly #entries = new Map<string, Map<string, Entry>>()
  readonly #changed: PluginEvent<[BookmarkChange]>

  /** @param changed told about every change */
  constructor(changed: PluginEvent<[BookmarkChange]>) {
    this.all = this.#all
    this.#changed = changed
  }

  /** The ids of the items about this room; that which counts is the last. */
  idsOf(room: string): readonly string[] {
    const ids = [...(this.#entries.get(room)?.keys() ?? [])]
    return ids.includes(room) ? [...ids.filter((id) => id !== room), room] : ids
  }

  /** An item is there, or is another. One whose id is not the address of a room is none (S-151). */
  put(id: string, conference: Conference): void {
    const jid = Jid.tryParse(id)
    if (!jid?.isBare()) return
    const room = jid.toString()
    const entries = this.#entries.get(room) ?? new Map<string, Entry>()
    this.#entries.set(room, entries)
    const known = entries.get(id)
    if (known !== undefined && isSame(known.conference, conference)) return
    entries.delete(id) // what comes last counts
    entries.set(id, { conference, bookmark: new Bookmark(jid, conference) })
    this.#show(room)
  }

  /** An item is gone. */
  delete(id: string): void {
    const room = Jid.tryParse(id)?.toString()
    if (room === undefined || !this.#entries.get(room)?.delete(id)) return
    this.#show(room)
  }

  /** Makes these the items; only what differs is a change. */
  replace(items: ReadonlyMap<string, Conference>): void {
    for (const id of [...this.#entries.values()].flatMap((entries) => [...entries.keys()])) {
      if (!items.has(id)) this.delete(id)
    }
    for (const [id, conference] of items) this.put(id, conference)
  }

  /** Of several items about one room, that with the normalised address counts. */
  #show(room: string): void {
    const entries = this.#entries.get(room)
    const now = (entries?.get(room) ?? [...(entries?.values() ?? [])].at(-1))?.bookmark
    const before = this.#all.get(room)
    if (now === before) return
    if (now !== undefined) {
      this.#all.set(room, now)
      this.#changed.emit(before ? { type: 'changed', bookmark: now, before } : { type: 'added', bookmark: now })
    } else if (before !== undefined) {
      this.#entries.delete(room)
      this.#all.delete(room)
      this.#changed.emit({ type: 'removed', bookmark: before })
    }
  }
}

const isSame = (one: Conference, other: Conference): boolean => Conference(one).equals(Conference(other))
