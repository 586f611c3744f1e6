import type { StateRecord, StateStore } from './state-store.js'

/** The version of the shapes below. */
const version = 1

/** What is known about a session, in a form that survives the process. */
export interface SavedSession {
  /** The SM-ID; `undefined` when there is no session to resume, only messages to send. */
  readonly id?: string | undefined
  readonly jid?: string | undefined
  readonly location?: string | undefined
  readonly max?: number | undefined
  /** Stanzas handled, stanzas sent and acknowledged. */
  readonly handled: number
  readonly sent: number
  readonly acked: number
  /** Places of what is queued: from the first to before the next. */
  readonly first: number
  readonly next: number
}

/** A stanza that is kept. */
export interface SavedStanza {
  readonly id: string
  readonly text: string
  readonly stamp?: number | undefined
  readonly uncertain?: boolean | undefined
  readonly isUnhandled?: boolean | undefined
  readonly deaths?: number | undefined
}

/** What was stored by a client that is no more. */
export interface Saved {
  readonly session: SavedSession
  /** The stream features of the session. */
  readonly features: string | undefined
  /** Written and not acknowledged, by their number in the session. IQs are left out: nobody waits for their answers. */
  readonly written: ReadonlyMap<number, SavedStanza>
  /** Not written yet, in order. */
  readonly queued: readonly (SavedStanza & { readonly place: number })[]
}

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
  #changes = new Map<string, StateRecord | undefined>()
  #session: (() => SavedSession) | undefined
  #writing: Promise<void> | undefined
  #scheduled: Promise<void> | undefined

  /** @param report takes the errors of the store, which never stop the client */
  constructor(store: StateStore, report: (error: unknown) => void) {
    this.#store = store
    this.#report = report
  }

  /**
   * What an earlier client has left; `undefined` if nothing, or nothing that can be read. A queued stanza that cannot be read
   * is reported, and stays where it is.
   *
   * @throws what the store throws: then nobody knows what is there, and it must not be written over
   */
  async load(): Promise<Saved | undefined> {
    const session = value<SavedSession>(await this.#store.get(sessionKey))
    if (session === undefined) return undefined
    const features = value<string>(await this.#store.get(featuresKey))
    const written = new Map<number, SavedStanza>()
    for (let number = session.acked; number < session.sent; number++) {
      const stanza = value<SavedStanza>(await this.#store.get(writtenKey(number)))
      if (stanza !== undefined) written.set(number, stanza)
    }
    return { session, features, written, queued: await this.#queued(session) }
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

  /** Stores everything noted so far; never rejects. */
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

  async #queued({ first, next }: SavedSession): Promise<Saved['queued']> {
    const queued: (SavedStanza & { place: number })[] = []
    for (let place = first; place < next; place++) {
      try {
        const stanza = value<SavedStanza>(await this.#store.get(queuedKey(place)))
        if (stanza !== undefined) queued.push({ ...stanza, place })
      } catch (error) {
        this.#report(error)
      }
    }
    return queued
  }

  #stage(key: string, saved: SavedStanza | string | undefined): void {
    this.#changes.set(key, saved === undefined ? undefined : { version, value: saved })
  }

  async #write(): Promise<void> {
    const session = this.#session
    if (session !== undefined) this.#changes.set(sessionKey, { version, value: session() })
    this.#session = undefined
    const changes = this.#changes
    this.#changes = new Map()
    if (changes.size === 0) return
    try {
      await this.#store.batch([...changes].map(([key, record]) => ({ key, record })))
    } catch (error) {
      // With the next batch, which would be full of holes without it; what has changed again meanwhile counts.
      this.#changes = new Map([...changes, ...this.#changes])
      this.#report(error)
    }
  }
}

/** A record of another version is one that we cannot read. */
function value<T>(record: StateRecord | undefined): T | undefined {
  return record?.version === version ? (record.value as T) : undefined
}
