import { readSession, readStanza, type Saved, type SavedSession, type SavedStanza } from './saved-session.js'
import type { StateRecord, StateStore } from './state-store.js'
import { StoreLimit } from './store-limit.js'

/** The version of the shapes below. */
const version = 1

const sessionKey = 'session'
const featuresKey = 'session:features'
const writtenKey = (number: number): string => `session:sent:${number}`
const queuedKey = (place: number): string => `session:queued:${place}`

/**
 * Keeps the state of the session in a {@link StateStore}, so that a client that was killed goes on where it was. Changes are
 * collected and stored together; what must not happen before they are stored waits for {@link stored}.
 */
export class SessionJournal {
  readonly #store: StateStore
  readonly #report: (error: unknown) => void
  readonly #limit: StoreLimit
  #changes = new Map<string, StateRecord | undefined>()
  #session: (() => SavedSession) | undefined
  #writing: Promise<void> | undefined
  #scheduled: Promise<void> | undefined
  /** A batch for which nobody waits any longer. */
  #hanging: Promise<void> | undefined
  /** Keys that may be in the store. */
  readonly #present = new Set<string>()

  /**
   * @param report takes the errors of the store, which never stop the client
   * @param limit how long to wait for it
   */
  constructor(store: StateStore, report: (error: unknown) => void, limit = new StoreLimit()) {
    this.#store = store
    this.#report = report
    this.#limit = limit
  }

  /**
   * What an earlier client has left; `undefined` if nothing, or nothing of this version. A queued stanza that cannot be read
   * is reported, and stays where it is.
   *
   * @throws StoreError, or what the store throws: then nobody knows what is there, and it must not be written over
   */
  async load(): Promise<Saved | undefined> {
    const value = await this.#get(sessionKey)
    if (value === undefined) return undefined
    const session = readSession(value)
    const features = (await this.#get(featuresKey)) as string | undefined // whoever reads it does not rely on that
    const written = new Map<number, SavedStanza>()
    for (let number = session.acked; number < session.sent; number++) {
      const stanza = await this.#get(writtenKey(number))
      if (stanza !== undefined) written.set(number, readStanza(stanza))
    }
    return { session, features, written, ...(await this.#queued(session)) }
  }

  /** The session has changed; `session` is asked when it is stored. */
  touch(session: () => SavedSession): void {
    this.#session = session
  }

  /** Keeps, or forgets, what the server has offered to the session. */
  offered(features: string | undefined): void {
    this.#stage(featuresKey, features)
  }

  /** Keeps, or forgets, what was written as this number. */
  written(number: number, stanza: SavedStanza | undefined): void {
    this.#stage(writtenKey(number), stanza)
  }

  /** Keeps, or forgets, what is queued at this place. */
  queued(place: number, stanza: SavedStanza | undefined): void {
    this.#stage(queuedKey(place), stanza)
  }

  /** Stores everything noted so far; never rejects, nor waits longer for the store than it may take. */
  stored(): Promise<void> {
    if (this.#scheduled !== undefined) return this.#scheduled
    // What is noted in this turn goes together, and what is noted while a batch is written goes with the next one.
    const scheduled = (async () => {
      await (this.#writing ?? Promise.resolve())
      this.#scheduled = undefined
      this.#writing = this.#write()
      await this.#writing
      this.#writing = undefined
    })()
    this.#scheduled = scheduled
    return scheduled
  }

  /** Stores everything, however long the store takes for that. */
  async finished(): Promise<void> {
    await this.stored()
    while (this.#hanging !== undefined) {
      await this.#hanging
      await this.stored()
    }
  }

  async #queued({ first, next }: SavedSession): Promise<Pick<Saved, 'queued' | 'unreadable'>> {
    const queued: (SavedStanza & { place: number })[] = []
    const unreadable: number[] = []
    for (let place = first; place < next; place++) {
      try {
        const stanza = await this.#get(queuedKey(place))
        if (stanza !== undefined) queued.push({ ...readStanza(stanza), place })
      } catch (error) {
        unreadable.push(place)
        this.#report(error)
      }
    }
    return { queued, unreadable }
  }

  /** What is stored; a record of another version is one that we cannot read. */
  async #get(key: string): Promise<unknown> {
    this.#present.add(key)
    const record = await this.#limit.inTime(this.#store.get(key))
    return record?.version === version ? record.value : undefined
  }

  #stage(key: string, saved: SavedStanza | string | undefined): void {
    // What was never stored, since the store fails, need not be removed; it would be more and more.
    if (saved === undefined && !this.#present.has(key)) this.#changes.delete(key)
    else this.#changes.set(key, saved === undefined ? undefined : { version, value: saved })
  }

  async #write(): Promise<void> {
    if (this.#hanging !== undefined) return // what is noted now waits for what went before it
    const session = this.#session
    if (session !== undefined) this.#changes.set(sessionKey, { version, value: session() })
    this.#session = undefined
    const changes = this.#changes
    this.#changes = new Map()
    if (changes.size === 0) return
    const fresh = [...changes.keys()].filter((key) => !this.#present.has(key))
    for (const key of fresh) this.#present.add(key)
    const batch = (async () => this.#store.batch([...changes].map(([key, record]) => ({ key, record }))))()
    const done = batch.then(
      () => this.#stored(changes),
      (error: unknown) => this.#refused(changes, fresh, error),
    )
    try {
      await this.#limit.inTime(done)
    } catch (error) {
      // Nobody waits for it any longer, as if it had failed; but it may still succeed.
      this.#hanging = done.then(() => {
        this.#hanging = undefined
        void this.stored()
      })
      this.#report(error)
    }
  }

  #stored(changes: ReadonlyMap<string, StateRecord | undefined>): void {
    for (const [key, record] of changes) if (record === undefined) this.#present.delete(key)
  }

  #refused(changes: ReadonlyMap<string, StateRecord | undefined>, fresh: readonly string[], error: unknown): void {
    for (const key of fresh) this.#present.delete(key)
    // With the next batch, which would be full of holes without it; what has changed again meanwhile counts.
    this.#changes = new Map([...changes, ...this.#changes])
    for (const [key, record] of this.#changes) {
      if (record === undefined && !this.#present.has(key)) this.#changes.delete(key)
    }
    this.#report(error)
  }
}
