/** A stored value with the version of its shape, so that a later release can recognise an old one. */
export interface StateRecord {
  /** Version of the shape, chosen by whoever writes it. */
  readonly version: number
  /** Anything that survives JSON. */
  readonly value: unknown
}

/** Writes a record, or removes it if `record` is `undefined`. */
export interface StateChange {
  /** The key; the client puts the account before those of its plugins. */
  readonly key: string
  /** What to write. */
  readonly record: StateRecord | undefined
}

/** Where state lives that outlasts a connection or a process. Adapters keep it in files, LevelDB or IndexedDB. */
export interface StateStore {
  /** Reads one record. */
  get(key: string): Promise<StateRecord | undefined>
  /** Applies all changes or none, also when the process dies in the middle. */
  batch(changes: readonly StateChange[]): Promise<void>
  /**
   * Takes a name, without waiting, for whoever calls; resolves with what gives it back, or with `undefined` if somebody
   * else has it: another client, tab or process with the same data. It is free again when its holder is gone, however it
   * ended. A store without this method is used by one client alone.
   */
  claim?(name: string): Promise<(() => void) | undefined>
}

/** A `claim` for stores that no other process uses at the same time: names are taken in this process alone. */
export function processClaims(): NonNullable<StateStore['claim']> {
  const holders = new Map<string, object>()
  return async (name) => {
    if (holders.has(name)) return undefined
    const holder = {}
    holders.set(name, holder)
    return () => {
      // Given back twice, it may belong to somebody else by now.
      if (holders.get(name) === holder) holders.delete(name)
    }
  }
}

/** State that lives as long as the process: the default. */
export function memoryStore(): StateStore {
  const records = new Map<string, string>()
  return {
    claim: processClaims(),
    async get(key) {
      const text = records.get(key)
      return text === undefined ? undefined : (JSON.parse(text) as StateRecord)
    },
    async batch(changes) {
      // As JSON, so that nobody shares an object with the store, and nobody relies on what a file could not keep.
      const texts = changes.map(({ key, record }) => [key, record && JSON.stringify(record)] as const)
      for (const [key, text] of texts) {
        if (text === undefined) records.delete(key)
        else records.set(key, text)
      }
    },
  }
}

/** The same store, with all keys below a prefix, which is asked for each time. */
export function scopedStore(store: StateStore, prefix: () => string): StateStore {
  const { claim } = store
  return {
    get: (key) => store.get(prefix() + key),
    batch: (changes) => store.batch(changes.map(({ key, record }) => ({ key: prefix() + key, record }))),
    ...(claim && { claim: (name: string) => claim.call(store, prefix() + name) }),
  }
}
