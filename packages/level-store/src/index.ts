/**
 * A state store in a database of the `level` family: LevelDB on Node, and whatever else implements `abstract-level`.
 *
 * @module
 */

export { type LevelDatabase, type LevelEncodings, type LevelOperation, levelStore } from './level-store.js'
export { LevelStoreError, type LevelStoreErrorCode } from './level-store-error.js'
