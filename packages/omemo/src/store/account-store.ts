import type { StateStore } from '@couplet/client'

/** The part of a store that is one account's: another account with the same store is somebody else, with other keys. */
export function accountStore(store: StateStore, account: string): StateStore {
  const prefix = `${account}/omemo/`
  return {
    get: (key) => store.get(prefix + key),
    batch: (changes) => store.batch(changes.map(({ key, record }) => ({ key: prefix + key, record }))),
    ...(store.claim && { claim: async (name: string) => store.claim?.(prefix + name) }),
  }
}
