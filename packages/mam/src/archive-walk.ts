import { PagingError, type ResultSetRequest } from '@couplet/rsm'
import type { ArchivePage } from './archive-page.js'
import type { ArchiveCursor } from './archive-record.js'

/** Milliseconds by which a time is put back where it takes the place of an id. */
const overlap = 300_000
/** Milliseconds before the place it was asked for at which an archive cannot go on. */
const tooEarly = 86_400_000

/** Where a walk begins and what it knows. */
export interface ArchiveWalkInit {
  /** Behind which message it begins. */
  readonly from: ArchiveCursor
  /** When it begins, if there is no message to begin behind. */
  readonly since?: Date | undefined
  /** A message that must come, unless it begins right behind it. */
  readonly until: ArchiveCursor | undefined
  /** Gets a page. */
  fetch(page: ResultSetRequest & { readonly max: number }, start: Date | undefined): Promise<ArchivePage>
}

/** Goes through an archive towards its end, page by page. Does not stop there: what comes later can be asked for, too. */
export class ArchiveWalk {
  /** Behind the last message that came. */
  position: ArchiveCursor
  /** Whether the archive did not know where to begin, so that what comes may be known already. */
  isLost = false
  readonly #init: ArchiveWalkInit
  readonly #seen: Set<string | undefined>
  #start: Date | undefined
  #begun = false

  constructor(init: ArchiveWalkInit) {
    this.#init = init
    this.position = init.from
    this.#seen = new Set([init.from.id])
    if (init.from.id === undefined) this.#lose(init.since)
  }

  /**
   * The next page; an empty one if there is nothing more now.
   *
   * @throws PagingError for a page that ends where an earlier one did
   */
  async next(max: number): Promise<ArchivePage> {
    const page = await (this.#begun ? this.#fetch(max) : this.#first(max))
    this.#begun = true
    const { last } = page.page
    if (last === undefined) return page
    if (this.#seen.has(last)) throw new PagingError('repeated-item')
    this.#seen.add(last)
    this.position = { id: last, stamp: page.messages.at(-1)?.stamp ?? this.position.stamp }
    return page
  }

  async #first(max: number): Promise<ArchivePage> {
    if (this.position.id === undefined) return this.#fetch(max)
    try {
      const page = await this.#fetch(max)
      if (this.#continues(page)) return page
    } catch (error) {
      if ((error as { readonly condition?: unknown }).condition !== 'item-not-found') throw error
    }
    this.#lose()
    return this.#fetch(max)
  }

  /** XEP-0059 §2.2 wants an error for an unknown id; there are archives that send nothing, or everything, instead. */
  #continues({ page, messages }: ArchivePage): boolean {
    const { from, until } = this.#init
    if (page.last === undefined) return until === undefined || until.id === from.id
    const [first] = messages
    const floor = from.floor ?? from.stamp // by the clock of the archive
    return !(first?.stamp && floor && first.stamp.getTime() < floor.getTime() - tooEarly)
  }

  #lose(since?: Date): void {
    const { stamp } = this.position
    const { until, from } = this.#init
    // Later than all there is: our clock is wrong, or nothing has come since.
    const isTooLate = stamp !== undefined && until?.stamp !== undefined && stamp > until.stamp
    const start = isTooLate ? (from.floor ?? stamp) : stamp
    this.isLost = since === undefined && stamp !== undefined
    this.#start = since ?? (start && new Date(Math.max(0, start.getTime() - overlap)))
    this.position = { id: undefined, stamp, floor: from.floor }
  }

  #fetch(max: number): Promise<ArchivePage> {
    return this.#init.fetch({ after: this.position.id, max }, this.#start)
  }

  /** Whether a message of that time may have come before the walk, under another id. */
  isDoubtful(stamp: Date | undefined): boolean {
    const limit = this.#init.from.stamp
    return this.isLost && (stamp === undefined || limit === undefined || stamp.getTime() <= limit.getTime() + overlap)
  }
}
