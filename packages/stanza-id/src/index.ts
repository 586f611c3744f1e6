/**
 * XEP-0359: Unique and Stable Stanza IDs (0.7.0).
 *
 * @module
 */

export { NS_STANZA_ID, OriginId, ReferencedStanza, StanzaId } from './elements.js'
export { assignedStanzaId, originId, trustedStanzaId } from './trusted-stanza-id.js'
