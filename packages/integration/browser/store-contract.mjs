// The contract of stores, in IndexedDB and with Web Locks of a real browser.
import { indexedDbStore } from '@couplet/indexeddb-store'
import { stateStoreContract } from '../../testing/dist/state-store-contract.js' // the whole of it needs Node

const name = 'contract'
let store

const open = async () => {
  await store?.close() // as when the page is gone
  store = indexedDbStore(name)
  return store
}

const wipe = async () => {
  await store?.close()
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = resolve
    request.onerror = reject
  })
}

/** Names of the cases, and what went wrong in them. */
globalThis.contract = async () => {
  const results = []
  for (const { name, check } of stateStoreContract({ open, reopen: open, wipe })) {
    const problem = await check().then(
      () => undefined,
      (error) => String(error),
    )
    results.push({ name, problem })
  }
  return results
}

/** Whether a name can be claimed here. */
globalThis.canClaim = async () => (await indexedDbStore(name).claim('name')) !== undefined
