/**
 * XEP-0434: Trust Messages (TM) (0.6.0).
 *
 * @module
 */

export { KeyOwner, NS_TRUST_MESSAGES, TrustMessage } from './elements.js'
export { formatTrustMessageUri, parseTrustMessageUri, type TrustMessageUri } from './trust-message-uri.js'
