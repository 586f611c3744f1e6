import type { InboundMessage } from '@couplet/client'
import type { Jid } from '@couplet/stanza'
import { type ArchiveGap, type CaughtUp, gapAfter } from './archive-gap.js'
import { type ArchivedMessage, type ArchivePage, fetchPage } from './archive-page.js'
import type { ArchiveCursor } from './archive-record.js'
import { ArchiveWalk } from './archive-walk.js'
import type { MamFilter } from './elements.js'
import type { KnownArchive, MamContext } from './known-archive.js'
import { archiveHead, type OpenedArchive } from './opened-archive.js'

/** A message that was missed, with its place in the archive. */
export interface MissedMessage extends ArchivedMessage {
  /** Whose archive it is from: the bare JID of the account, or of a room. */
  readonly archive: Jid
}

/** Options of the catch-up. */
export interface CatchUpOptions {
  /** Messages per request; default 50. */
  readonly pageSize?: number | undefined
  /** The most messages to fetch at once; what is left is a gap. Default 5,000. */
  readonly limit?: number | undefined
  /**
   * What the very first catch-up with an archive begins with: a time, or the beginning of the archive. Default: it
   * delivers nothing, and what comes from then on is not missed.
   */
  readonly since?: Date | 'beginning' | undefined
}

/** What a catch-up needs to know from outside. */
export interface CatchUpTask {
  readonly context: MamContext
  readonly known: KnownArchive
  readonly options: CatchUpOptions
  readonly signal: AbortSignal
  /** @returns when the application is done with it, if not at once */
  deliver(message: InboundMessage, missed: MissedMessage): Promise<void> | undefined
}

/** When a session is announced, if it is not yet. */
export interface Beginning {
  /** Called when the first page is asked for. */
  started(): void
  /** Resolves when the presence is sent. */
  readonly present: Promise<void>
}

/** Goes through what was missed in one archive, in order, and delivers each message once. */
export class CatchUp {
  readonly #task: CatchUpTask
  readonly #pageSize: number
  readonly #limit: number
  #looked = 0
  #count = 0
  /** Which time we were there when it began: what is said before we are in a room is in its archive alone. */
  readonly #entry: number | undefined
  /** Whether the archive stands by all it has said so far (XEP-0313 §4.3.2). */
  #isStable = true

  constructor(task: CatchUpTask) {
    this.#task = task
    this.#entry = task.known.entry
    const { pageSize = 50, limit = 5000 } = task.options
    this.#pageSize = pageSize
    this.#limit = limit
  }

  /** From where the archive is known to its end. */
  async run(beginning?: Beginning): Promise<CaughtUp> {
    const { known, signal } = this.#task
    const opened = await known.open(signal)
    const walk = this.#walk(opened, this.#begin(opened), opened.head)
    let held: ArchivePage | undefined
    if (beginning !== undefined) {
      const asked = walk.next(this.#max)
      beginning.started()
      held = await asked
      this.#looked += held.messages.length
      // What the server holds for us comes with the presence: it has come when the answer to a later request is here.
      await beginning.present
      signal.throwIfAborted()
    }
    while (this.#mayGoOn(held)) {
      const page = await walk.next(this.#max)
      this.#looked += page.messages.length
      if (held !== undefined) this.#take(held, walk)
      held = undefined
      this.#take(page, walk)
      if (isLast(page)) return this.#end(undefined)
    }
    if (held !== undefined) this.#take(held, walk)
    return this.#end(await this.#left(walk, opened))
  }

  /** Only what is in a gap; the cursor stays where it is. */
  async fill(gap: ArchiveGap): Promise<CaughtUp> {
    const { known, signal } = this.#task
    const opened = await known.open(signal)
    const from: ArchiveCursor = { id: gap.after, stamp: gap.start === undefined ? undefined : new Date(gap.start) }
    const until: ArchiveCursor = { id: gap.until, stamp: gap.end === undefined ? undefined : new Date(gap.end) }
    const walk = this.#walk(opened, { from }, until)
    let rest: ArchiveGap | undefined = gap
    while (rest !== undefined && this.#looked < this.#limit) {
      const page = await walk.next(this.#max)
      this.#looked += page.messages.length
      const { messages, isEnd } = inside(page, from, until)
      for (const message of messages) this.#deliver(message, walk)
      rest = isEnd || isLast(page) ? undefined : gapAfter(walk, gap)
    }
    known.close(gap, rest)
    await known.save()
    return { archive: known.name, count: this.#count, gap: rest }
  }

  /** Where to begin. */
  #begin({ head }: OpenedArchive): { readonly from: ArchiveCursor; readonly since?: Date } {
    const { known, options } = this.#task
    const { since } = options
    const { cursor } = known
    if (cursor !== undefined) {
      // The archive's clock is better than ours.
      if (head !== undefined && head.id === cursor.id) known.move(head)
      return { from: known.cursor ?? cursor }
    }
    const stamp = since instanceof Date ? since : undefined
    const from: ArchiveCursor = since === undefined && head !== undefined ? head : { id: undefined, stamp }
    known.move(from)
    return stamp === undefined ? { from } : { from, since: stamp }
  }

  #walk(
    { filter }: OpenedArchive,
    init: { readonly from: ArchiveCursor; readonly since?: Date },
    until: ArchiveCursor | undefined,
  ): ArchiveWalk {
    const { context, known, signal } = this.#task
    const fetch: ConstructorParameters<typeof ArchiveWalk>[0]['fetch'] = (page, start) => {
      const narrowed: MamFilter = { ...filter, start }
      return fetchPage(context, { archive: known.address, filter: narrowed, signal }, page)
    }
    return new ArchiveWalk({ ...init, until, fetch })
  }

  get #max(): number {
    return Math.max(1, Math.min(this.#pageSize, this.#limit - this.#looked))
  }

  /** The last page of before the presence says nothing about what came after it. */
  #mayGoOn(held: ArchivePage | undefined): boolean {
    return this.#looked < this.#limit || (held !== undefined && isLast(held))
  }

  #take(page: ArchivePage, walk: ArchiveWalk): void {
    this.#isStable &&= page.stable !== false
    for (const message of page.messages) this.#deliver(message, walk)
    const { last } = page.page
    const { known } = this.#task
    const stamp = page.messages.at(-1)?.stamp ?? known.cursor?.stamp
    // An archive that may change its mind is asked again by the next session.
    if (last !== undefined && this.#isStable) known.reach({ id: last, stamp }, page.messages)
    else if (walk.isLost && walk.position.id === undefined) known.reach(walk.position, page.messages)
  }

  #deliver(archived: ArchivedMessage, walk: ArchiveWalk): void {
    const { context, known, deliver } = this.#task
    const { id, message, stamp } = archived
    if (known.isKnown(id, message, walk.isDoubtful(stamp))) {
      const stanza = known.arrived(id)
      if (stanza !== undefined) context.passMessage(stanza) // it is its turn
      return
    }
    this.#count++
    const done = known.miss(id, message)
    const running = deliver(message, { ...archived, archive: known.jid })
    if (running === undefined) done()
    else void running.then(done)
  }

  /** More than the limit: what is left is the application's to fill, and the cursor goes to the end. */
  async #left(walk: ArchiveWalk, { filter }: OpenedArchive): Promise<ArchiveGap | undefined> {
    const { context, known, signal } = this.#task
    const end = await archiveHead(context, known.address, filter, signal)
    if (end?.id === undefined) return undefined
    const gap = gapAfter(walk, { archive: known.name, until: end.id, end: end.stamp?.toISOString() })
    if (gap !== undefined) known.leave(gap)
    known.reach(end)
    return gap
  }

  async #end(gap: ArchiveGap | undefined): Promise<CaughtUp> {
    const { known } = this.#task
    if (this.#isStable) known.endCatchUp(this.#entry)
    await known.save()
    return { archive: known.name, count: this.#count, gap }
  }
}

const isLast = ({ complete, page }: ArchivePage): boolean => complete === true || page.last === undefined

/** The messages of a page that are in a gap, also if those at its edges have been deleted; and whether it ends there. */
function inside(
  { messages }: ArchivePage,
  from: ArchiveCursor,
  until: ArchiveCursor,
): { readonly messages: readonly ArchivedMessage[]; readonly isEnd: boolean } {
  const isBefore = ({ stamp }: ArchivedMessage): boolean => (stamp && from.stamp ? stamp < from.stamp : false)
  const isBehind = ({ stamp }: ArchivedMessage): boolean => (stamp && until.stamp ? stamp > until.stamp : false)
  const last = messages.findIndex(({ id }) => id === until.id)
  const end = last < 0 ? messages.findIndex(isBehind) : last + 1
  const rest = end < 0 ? messages : messages.slice(0, end)
  return { messages: rest.filter((message) => !isBefore(message)), isEnd: end >= 0 }
}
