import type { StateStore } from '@couplet/client'
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
  #writing: Promise<void> = Promise.resolve()

  /** @param store asked each time, because an anonymous login learns its account late */
  constructor(store: () => StateStore) {
    this.#store = store
  }

  /** What was kept; nothing if it is not what this release writes, so that the whole roster is fetched again. */
  async read(): Promise<CachedRoster | undefined> {
    await this.#writing
    const record = await this.#store().get(key)
    return record?.version === version ? readValue(record.value) : undefined
  }

  /** Keeps a roster, or forgets it: without a version the cache is worth nothing. */
  write(roster: CachedRoster | undefined): Promise<void> {
    const value = roster && {
      ver: roster.ver,
      contacts: roster.contacts.map((contact) => ({ ...contact, jid: contact.jid.toString() })),
    }
    const write = (): Promise<void> => this.#store().batch([{ key, record: value && { version, value } }])
    // In order, also after one that has failed.
    const written = this.#writing.then(write)
    this.#writing = written.catch(() => {})
    return written
  }
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
