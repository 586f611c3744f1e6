/**
 * XEP-0300: Use of Cryptographic Hash Functions in XMPP (1.0.0).
 *
 * @module
 */

export { computeHash, verifyHash } from './compute-hash.js'
export { Hash, HashUsed, NS_HASH_FUNCTION, NS_HASHES } from './elements.js'
export {
  type HashAlgorithm,
  hashAlgorithms,
  hashFeatures,
  isHashAlgorithm,
  strongestHash,
} from './hash-algorithm.js'
