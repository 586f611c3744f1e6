import type { StateStore } from '@couplet/client'

/** Something that ends by itself, in milliseconds since 1970. */
export interface Ending {
  readonly expires: number
}

const version = 1

/** A list in a store of what ends by itself; changes come one after the other, so that nothing is taken twice. */
export class StoredList<T extends Ending> {
  readonly #store: StateStore
  readonly #key: string
  readonly #read: (value: unknown) => T | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param read makes an entry of what was stored; `undefined` if it is none */
  constructor(store: StateStore, key: string, read: (value: unknown) => T | undefined) {
    this.#store = store
    this.#key = key
    this.#read = read
  }

  /** Adds an entry, in the place of those for which `replaces` holds. */
  async add(entry: T, replaces: (other: T) => boolean = () => false): Promise<void> {
    await this.#change((entries) => [...entries.filter((other) => !replaces(other)), entry])
  }

  /** Takes out the entries for which this holds; resolves with them when that is stored. Every entry is looked at. */
  async take(isIt: (entry: T) => boolean): Promise<readonly T[]> {
    const taken: T[] = []
    await this.#change((entries) => {
      taken.push(...entries.filter(isIt))
      return taken.length === 0 ? entries : entries.filter((entry) => !taken.includes(entry))
    })
    return taken
  }

  #change(change: (entries: readonly T[]) => readonly T[]): Promise<void> {
    const turn = this.#last.then(async () => {
      const record = await this.#store.get(this.#key)
      const stored: readonly unknown[] = record?.version === version && Array.isArray(record.value) ? record.value : []
      const now = Date.now()
      const entries = stored.map(this.#read).filter((entry): entry is T => entry !== undefined && entry.expires > now)
      const changed = change(entries)
      if (changed === entries && entries.length === stored.length) return
      const value = changed.length === 0 ? undefined : { version, value: changed }
      await this.#store.batch([{ key: this.#key, record: value }])
    })
    this.#last = turn.catch(() => {})
    return turn
  }
}
