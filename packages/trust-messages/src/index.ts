/**
 * XEP-0434: Trust Messages (TM) (0.6.0).
 *
 * @module
 */

export { NS_TRUST_MESSAGES, TrustMessagesNotice } from './elements.js'
