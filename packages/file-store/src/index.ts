/**
 * A state store in one file for Node: written atomically, readable by its owner only, and locked against a second
 * process.
 *
 * @module
 */

export { type FileStore, fileStore } from './file-store.js'
export { FileStoreError, type FileStoreErrorCode } from './file-store-error.js'
