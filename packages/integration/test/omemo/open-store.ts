import { processClaims, type StateRecord, type StateStore } from '@couplet/client'

/** Records by key, as JSON has them. */
export type Records = Readonly<Record<string, StateRecord>>

/** A store in memory that can be looked into. */
export interface OpenStore extends StateStore {
  /** Everything that is in it now. */
  records(): Records
}

/** A store that begins with these records. */
export const openStore = (begin: Records = {}): OpenStore => {
  const texts = new Map(Object.entries(begin).map(([key, record]) => [key, JSON.stringify(record)]))
  return {
    claim: processClaims(),
    records: () => Object.fromEntries([...texts].map(([key, text]) => [key, JSON.parse(text)])),
    async get(key) {
      const text = texts.get(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
    async batch(changes) {
      for (const { key, record } of changes) {
        if (record === undefined) texts.delete(key)
        else texts.set(key, JSON.stringify(record))
      }
    },
  }
}
