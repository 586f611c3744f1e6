import type { PluginContext } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { flatten, type Jid, type Message } from '@couplet/stanza'
import type { ArchiveGap } from './archive-gap.js'
import { type ArchiveCursor, ArchiveRecords, type CaughtUpSession } from './archive-record.js'
import { Delivered, keyOf } from './delivered.js'
import { type OpenedArchive, openArchive } from './opened-archive.js'
import { type Arrival, arrivalOf, Progress } from './progress.js'

/** What the plugin is given. */
export type MamContext = PluginContext & { readonly disco: Disco }

/** Whether we are where the messages of an archive come live, such as in its room. */
export interface Whereabouts {
  /** Which time; `undefined` if we are not there. */
  entry(): number | undefined
  /** Whether we have been there since that time. */
  isStillIn(entry: number): boolean
}

/** How many messages may wait until it is known whether their ids can be believed, or until the application is done with them. */
const maxArrivals = 10_000
/** How many gaps are kept: of more the oldest are forgotten. */
const maxGaps = 100
/** How many sessions of ours are remembered. */
const maxSessions = 20

/** How far an archive is known, and what was delivered of it by any way. */
export class KnownArchive {
  /** Whose archive to ask; `undefined` is the own one. */
  readonly address: Jid | undefined
  /** What the application is done with. */
  readonly #delivered = new Delivered()
  /** What it was given. */
  readonly #given = new Delivered()
  readonly #progress = new Progress({
    isReady: () => this.#givesIds !== undefined,
    live: (arrival) => this.#count(arrival),
    missed: (id, key) => this.#delivered.add(id, key),
  })
  /** Whether nothing is missing up to now, so that what comes live moves the cursor. */
  isContiguous = false
  readonly #context: MamContext
  readonly #records: ArchiveRecords
  #cursor: ArchiveCursor | undefined
  #loading: Promise<void> | undefined
  #sessions: readonly string[] = []
  #gaps: readonly ArchiveGap[] = []
  /** What the store says about the session that was caught up last. */
  #lastCaughtUp: CaughtUpSession | undefined
  /** Whether the archive removes forged ids (XEP-0359 §6); `undefined` until it was asked. */
  #givesIds: boolean | undefined
  readonly #whereabouts: Whereabouts
  /** Which time we were there when the last catch-up began. */
  #caughtUpIn: number | undefined

  constructor(context: MamContext, address: Jid | undefined, whereabouts: Whereabouts) {
    this.#whereabouts = whereabouts
    this.address = address
    this.#context = context
    this.#records = new ArchiveRecords(context, address === undefined ? 'cursor' : `cursor/${address}`)
  }

  /** Whose archive. */
  get jid(): Jid {
    return this.address ?? this.#context.account
  }

  /** The same as text. */
  get name(): string {
    return this.jid.toString()
  }

  /** Which time we are where its messages come live, such as in its room; `undefined` if we are not. */
  get entry(): number | undefined {
    return this.#whereabouts.entry()
  }

  /** A catch-up that began at that entry has come to the end. */
  endCatchUp(entry: number | undefined): void {
    this.#caughtUpIn = entry
    this.isContiguous = true
    this.noticeAbsence()
  }

  /** What was said while we were away has not reached us. */
  noticeAbsence(): void {
    const entry = this.#caughtUpIn
    if (entry === undefined || !this.#whereabouts.isStillIn(entry)) this.isContiguous = false
  }

  /** Up to where everything is known; `undefined` before the first time. */
  get cursor(): ArchiveCursor | undefined {
    return this.#cursor
  }

  /** Whether there is a place from which to go on. */
  async isKnownFrom(): Promise<boolean> {
    return this.#cursor !== undefined || (await this.#records.read()) !== undefined
  }

  /** Something may be missing from now on. Resolves when the store knows: until then nobody may go on with the session. */
  async interrupt(): Promise<void> {
    this.isContiguous = false
    this.#givesIds = undefined
    await this.#load().catch(() => {}) // a store that cannot be read is reported by the catch-up
    this.#lastCaughtUp = undefined
    await this.save()
  }

  /** An old session goes on. @returns whether it was caught up with, by this process or by the one that began it */
  async resume(signal: AbortSignal): Promise<boolean> {
    await this.#load()
    signal.throwIfAborted()
    const { jid, givesIds } = this.#lastCaughtUp ?? {}
    if (jid !== this.#context.jid.toString() || givesIds === undefined) return false
    this.isContiguous = true
    this.#learn(givesIds)
    return true
  }

  /** Learns what is known, and what the archive is like. */
  async open(signal: AbortSignal): Promise<OpenedArchive> {
    await this.#load()
    signal.throwIfAborted()
    return openArchive(this.#context, this.address, signal, (givesIds) => this.#learn(givesIds))
  }

  #learn(givesIds: boolean): void {
    this.#givesIds = givesIds
    for (const arrival of this.#progress.arrivals) this.#note(arrival)
    this.#progress.settle()
  }

  /**
   * Takes a message that came another way.
   *
   * @param stanza what it came in, if that is a copy
   * @returns what says that the application is done with it
   */
  take(message: Message, stanza: Message = message): () => void {
    const arrival = arrivalOf(message, stanza, this.jid, this.address !== undefined)
    const done = this.#progress.arrive(arrival)
    if (this.#progress.arrivals.length > maxArrivals) {
      // Somebody is never done with one: nothing that came later counts until another session.
      this.#progress.forget()
      this.isContiguous = false
    }
    if (this.#givesIds !== undefined) this.#note(arrival)
    return done
  }

  /** The stanza with a message of the archive that came live, if the application is not done with that. */
  arrived(id: string): Message | undefined {
    return this.#progress.arrivals.find((arrival) => arrival.id === id)?.stanza
  }

  /** Takes a message that was missed. @returns what says that the application is done with it */
  miss(id: string, message: Message): () => void {
    const [ownId, key] = [flatten(id), keyOf(message)]
    this.#given.add(ownId, key)
    return this.#progress.miss(ownId, key)
  }

  /** A walk has come to the end of a page: it counts when the application is done with what is in it. */
  reach(cursor: ArchiveCursor, page?: readonly { readonly id: string }[]): void {
    const ids = page && new Set(page.map(({ id }) => id))
    this.#progress.afterwards(
      () => this.move(cursor),
      ({ id }) => id === undefined || ids === undefined || ids.has(id),
    )
  }

  /** It was given to the application, and comes from the archive as well. */
  #note(arrival: Arrival): void {
    arrival.id = this.#givesIds ? arrival.claimedId : undefined
    if (isKept(arrival)) this.#given.add(arrival.id, arrival.key)
  }

  #count(arrival: Arrival): void {
    if (!isKept(arrival)) return
    const { id, key } = arrival
    this.#delivered.add(id, key)
    // Our clock may be wrong: nothing that could lose a message relies on it alone.
    const floor = this.#cursor?.floor ?? this.#cursor?.stamp ?? new Date(0)
    const isNext = this.isContiguous && this.#progress.isCaughtUp && this.#context.isOnline
    if (id !== undefined && isNext) this.move({ id, stamp: new Date(), floor })
    else void this.save()
  }

  /** Whether a message of the archive is known: delivered before, or sent by ourselves. */
  isKnown(id: string, message: Message, isDoubtful: boolean): boolean {
    const isSent = this.address === undefined && this.#sessions.includes(message.from?.toString() ?? '')
    if (isSent) return true
    const key = keyOf(message)
    return this.#given.has(id, key, isDoubtful) || this.#delivered.has(id, key, isDoubtful)
  }

  /** Everything up to there is known. */
  move(cursor: ArchiveCursor): void {
    this.#cursor = { ...cursor, id: cursor.id && flatten(cursor.id) }
    void this.save()
  }

  /** What is missing, the oldest first. */
  async gaps(): Promise<readonly ArchiveGap[]> {
    await this.#load()
    return this.#gaps
  }

  /** Something is left out: kept until it is filled, together with the place from which to go on. */
  leave(gap: ArchiveGap): void {
    const own = { ...gap, after: flatten(gap.after), until: flatten(gap.until) }
    this.#gaps = [...this.#gaps, own].slice(-maxGaps)
    void this.save()
  }

  /** What was in a gap was given to the application, but for what is left of it. Counts when that is done with it. */
  close(gap: ArchiveGap, rest: ArchiveGap | undefined): void {
    this.#progress.afterwards(() => {
      const isThis = ({ after, until }: ArchiveGap): boolean => after === gap.after && until === gap.until
      this.#gaps = this.#gaps.flatMap((each) => (isThis(each) ? (rest ?? []) : [each]))
      void this.save()
    })
  }

  /** Resolves when it is in the store. */
  async save(): Promise<void> {
    const cursor = this.#cursor
    if (cursor === undefined) return
    await this.#records.write(() => ({
      cursor: this.#cursor ?? cursor,
      delivered: this.#delivered.record,
      sessions: this.#sessions,
      caughtUp: this.#caughtUp,
      gaps: this.#gaps,
    }))
  }

  /**
   * Who goes on with the session asks for what the application was given and is not done with. What follows that is
   * a step of the progress, which saves.
   */
  get #caughtUp(): CaughtUpSession | undefined {
    if (!this.isContiguous || !this.#progress.isCaughtUp) return undefined
    const [jid] = this.#sessions.slice(-1)
    const givesIds = this.#givesIds
    return jid !== undefined && givesIds !== undefined ? { jid, givesIds } : undefined
  }

  async #load(): Promise<void> {
    this.#loading ??= this.#read().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    await this.#loading
    const own = this.#context.jid.toString()
    this.#sessions = [...this.#sessions.filter((jid) => jid !== own), own].slice(-maxSessions)
  }

  async #read(): Promise<void> {
    const record = await this.#records.read()
    if (record === undefined) return
    this.#cursor = record.cursor
    this.#sessions = record.sessions
    this.#lastCaughtUp = record.caughtUp
    this.#gaps = record.gaps
    this.#delivered.restore(record.delivered)
  }
}

const isKept = ({ id, isArchived }: Arrival): boolean => id !== undefined || isArchived
