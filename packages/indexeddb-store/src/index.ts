/**
 * A state store for browsers, in IndexedDB.
 *
 * @module
 */

export { type IndexedDbStore, type IndexedDbStoreOptions, indexedDbStore } from './indexeddb-store.js'
export { IndexedDbStoreError, type IndexedDbStoreErrorCode } from './indexeddb-store-error.js'
