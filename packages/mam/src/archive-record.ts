import type { PluginContext } from '@couplet/client'
import { type ArchiveGap, isGap } from './archive-gap.js'
import type { DeliveredRecord } from './delivered.js'

/** The version of the record's shape. */
const version = 1

/** A place in an archive: everything up to there is known. Without id and time that is its beginning. */
export interface ArchiveCursor {
  /** The id of the last message that is known; `undefined` if the archive does not know it any more. */
  readonly id: string | undefined
  /** When that message was archived, or has come, by our clock. */
  readonly stamp: Date | undefined
  /** A time before that by the clock of the archive; the default is `stamp`. */
  readonly floor?: Date | undefined
}

/** What is kept about an archive between sessions. */
export interface ArchiveRecord {
  readonly cursor: ArchiveCursor
  readonly delivered: DeliveredRecord
  /** The full JIDs of our last sessions: what they have sent we have not missed. */
  readonly sessions: readonly string[]
  /** The session that has missed nothing up to the cursor, so that whoever goes on with it need not catch up again. */
  readonly caughtUp: CaughtUpSession | undefined
  /** What catch-ups have left out and nobody has filled yet, the oldest first. */
  readonly gaps: readonly ArchiveGap[]
}

/** A session whose catch-up was done. */
export interface CaughtUpSession {
  /** Its full JID. */
  readonly jid: string
  /** Whether the archive removes forged ids (XEP-0359 §6). */
  readonly givesIds: boolean
}

/** Reads and writes the record of one archive. */
export class ArchiveRecords {
  readonly #context: PluginContext
  readonly #key: string
  #next: (() => ArchiveRecord) | undefined
  #writing: Promise<void> | undefined

  constructor(context: PluginContext, key: string) {
    this.#context = context
    this.#key = key
  }

  /** What was kept; nothing if it is not what this release writes. */
  async read(): Promise<ArchiveRecord | undefined> {
    await this.#writing
    const record = await this.#context.store.get(this.#key)
    return record?.version === version ? readValue(record.value) : undefined
  }

  /** Keeps a record, made when its turn comes. Of those that come while another is being written, only the last one is. */
  write(record: () => ArchiveRecord): Promise<void> {
    this.#next = record
    this.#writing ??= this.#write()
    return this.#writing
  }

  async #write(): Promise<void> {
    const { store } = this.#context
    await Promise.resolve() // what is kept at the same time is one record
    while (this.#next !== undefined) {
      const { cursor, ...rest } = this.#next()
      this.#next = undefined
      const { id, stamp, floor } = cursor
      const value = { id, stamp: stamp?.toISOString(), floor: floor?.toISOString(), ...rest }
      try {
        await store.batch([{ key: this.#key, record: { version, value } }])
      } catch (error) {
        this.#context.reportError(error)
      }
    }
    this.#writing = undefined // not later: what comes next would find nobody who writes it
  }
}

function readValue(value: unknown): ArchiveRecord | undefined {
  const { id, stamp, floor, delivered, sessions, caughtUp, gaps = [] } = (value ?? {}) as Record<string, unknown>
  const { ids, named, unnamed } = (delivered ?? {}) as Record<string, unknown>
  const isCursor = (id === undefined || typeof id === 'string') && isTime(stamp) && isTime(floor)
  if (!isCursor || !areTexts(sessions) || !areTexts(ids) || !areTexts(named) || !areTexts(unnamed)) return undefined
  return {
    cursor: { id, stamp: dateOf(stamp), floor: dateOf(floor) },
    delivered: { ids, named, unnamed },
    sessions,
    caughtUp: readSession(caughtUp),
    gaps: Array.isArray(gaps) ? gaps.filter(isGap) : [],
  }
}

function readSession(value: unknown): CaughtUpSession | undefined {
  const { jid, givesIds } = (value ?? {}) as Record<string, unknown>
  return typeof jid === 'string' && typeof givesIds === 'boolean' ? { jid, givesIds } : undefined
}

const isTime = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))

const dateOf = (time: string | undefined): Date | undefined => (time === undefined ? undefined : new Date(time))

const areTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
