import type { StateRecord, StateStore } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import type { Contact } from './contacts.js'

/** The version of the record's shape. */
const version = 1
const key = 'roster'
const subscriptions: readonly unknown[] = ['none', 'to', 'from', 'both'] satisfies readonly Contact['subscription'][]

/** The roster as it was last known, with the version the server gave it (RFC 6121 §2.6). */
export interface CachedRoster {
  readonly ver: string
  readonly contacts: readonly Contact[]
}

/** Keeps the roster between sessions. What is written is always one whole roster with its own version. */
export class RosterCache {
  readonly #store: () => StateStore
  readonly #report: (error: unknown) => void
  #next: (() => CachedRoster | undefined) | undefined
  #writing: Promise<void> | undefined

  /**
   * @param store asked each time, because an anonymous login learns its account late
   * @param report told when something could not be kept
   */
  constructor(store: () => StateStore, report: (error: unknown) => void) {
    this.#store = store
    this.#report = report
  }

  /** What was kept; nothing if it is not what this release writes, so that the whole roster is fetched again. */
  async read(): Promise<CachedRoster | undefined> {
    await this.#writing
    const record = await this.#store().get(key)
    return record?.version === version ? readValue(record.value) : undefined
  }

  /**
   * Keeps a roster, made when its turn comes, or forgets it: without a version the cache is worth nothing. Of those that
   * come while another is being written only the last one is: thousands of pushes must not write thousands of rosters.
   */
  write(roster: () => CachedRoster | undefined): void {
    this.#next = roster
    this.#writing ??= this.#write()
  }

  async #write(): Promise<void> {
    await Promise.resolve() // what is kept at the same time is one record
    while (this.#next !== undefined) {
      const record = recordOf(this.#next())
      this.#next = undefined
      try {
        await this.#store().batch([{ key, record }])
      } catch (error) {
        this.#report(error)
      }
    }
    this.#writing = undefined // not later: what comes next would find nobody who writes it
  }
}

function recordOf(roster: CachedRoster | undefined): StateRecord | undefined {
  if (roster === undefined) return undefined
  const contacts = roster.contacts.map((contact) => ({ ...contact, jid: contact.jid.toString() }))
  return { version, value: { ver: roster.ver, contacts } }
}

function readValue(value: unknown): CachedRoster | undefined {
  const { ver, contacts } = (value ?? {}) as { readonly ver?: unknown; readonly contacts?: unknown }
  if (typeof ver !== 'string' || !Array.isArray(contacts)) return undefined
  const read = contacts.map(readContact)
  return read.includes(undefined) ? undefined : { ver, contacts: read as readonly Contact[] }
}

function readContact(value: unknown): Contact | undefined {
  const { jid: text, name, subscription, asked, approved, groups } = (value ?? {}) as Record<string, unknown>
  const jid = typeof text === 'string' ? Jid.tryParse(text) : undefined
  if (!jid?.isBare() || !subscriptions.includes(subscription)) return undefined
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string')) return undefined
  return {
    jid,
    name: typeof name === 'string' ? name : undefined,
    subscription: subscription as Contact['subscription'],
    asked: asked === true,
    approved: approved === true,
    groups,
  }
}
