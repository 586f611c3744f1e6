import type { MamFilter, MamQuery } from '@couplet/mam'
import type { ResultSet } from '@couplet/rsm'
import { type Jid, type Message, StanzaError } from '@couplet/stanza'

/** A message that was kept. */
export interface ArchivedEntry {
  readonly id: string
  readonly stamp: Date
  /** The other party. */
  readonly peer: Jid
  readonly message: Message
}

/** A page of an archive. */
export interface ArchivePage {
  readonly entries: readonly ArchivedEntry[]
  readonly page: ResultSet
  /** Whether there is nothing beyond it, in the direction of the paging. */
  readonly complete: boolean
}

/** The most messages of a page. */
const maxPage = 100

/** The messages of one account, oldest first. */
export class ArchiveStore {
  readonly #entries: ArchivedEntry[] = []

  /** Keeps a message and returns its id. */
  add(peer: Jid, message: Message): string {
    const id = crypto.randomUUID()
    this.#entries.push({ id, stamp: new Date(), peer, message })
    return id
  }

  /** The oldest and the newest. */
  get edges(): readonly [ArchivedEntry, ArchivedEntry] | undefined {
    const oldest = this.#entries[0]
    const newest = this.#entries.at(-1)
    return oldest && newest && [oldest, newest]
  }

  /**
   * The page that a query asks for (XEP-0313 §4, XEP-0059).
   *
   * @throws StanzaError `item-not-found` for an id that is not in the archive
   */
  query({ filter = {}, page: wanted = {}, flipPage }: MamQuery): ArchivePage {
    const all = this.#filter(filter)
    const backwards = wanted.before !== undefined && wanted.after === undefined
    const begin = wanted.after === undefined ? (wanted.index ?? 0) : this.#countUpTo(all, wanted.after)
    const end = wanted.before ? this.#countUpTo(all, wanted.before, false) : all.length
    const max = Math.min(wanted.max ?? maxPage, maxPage)
    const from = backwards ? Math.max(begin, end - max) : begin
    const entries = all.slice(from, Math.min(end, from + max))
    const complete = backwards ? from <= begin : from + entries.length >= end
    const [first] = entries
    const last = entries.at(-1)
    const edges = first && last && { first: { id: first.id, index: from }, last: last.id }
    if (flipPage) entries.reverse()
    return { entries, complete, page: { count: all.length, ...edges } }
  }

  #filter({ with: peer, start, end, afterId, beforeId, ids }: MamFilter): ArchivedEntry[] {
    const after = afterId === undefined ? -1 : this.#position(afterId)
    const before = beforeId === undefined ? this.#entries.length : this.#position(beforeId)
    const wanted = ids && new Set(ids.map((id) => this.#position(id)))
    return this.#entries.filter(
      (entry, i) =>
        i > after &&
        i < before &&
        (wanted?.has(i) ?? true) &&
        (peer === undefined || (peer.isFull() ? entry.peer : entry.peer.bare).equals(peer)) &&
        (start === undefined || entry.stamp >= start) &&
        (end === undefined || entry.stamp <= end),
    )
  }

  /** How many of the selected entries come up to this id, it included or not; it need not be selected itself. */
  #countUpTo(selected: readonly ArchivedEntry[], id: string, included = true): number {
    const limit = this.#position(id)
    const past = new Set(this.#entries.slice(0, included ? limit + 1 : limit))
    return selected.filter((entry) => past.has(entry)).length
  }

  #position(id: string): number {
    const found = this.#entries.findIndex((entry) => entry.id === id)
    if (found < 0) throw new StanzaError({ condition: 'item-not-found' })
    return found
  }
}
