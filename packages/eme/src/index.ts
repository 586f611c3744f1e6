/**
 * XEP-0380: Explicit Message Encryption (0.4.0).
 *
 * @module
 */

export { EncryptionMark, encryptionNames, NS_EME } from './elements.js'
export { encryptionName } from './encryption-name.js'
export { vouch, vouchedBy } from './vouch.js'
