/**
 * XEP-0420: Stanza Content Encryption (0.5.0).
 *
 * @module
 */

export {
  checkEnvelope,
  type EnvelopeProfile,
  type OpenedEnvelope,
  type StanzaOrigin,
  sortContent,
} from './check-envelope.js'
export { Envelope, FromAffix, isNamespaced, isServerProcessed, NS_SCE, TimeAffix, ToAffix } from './elements.js'
export { EnvelopeError, type EnvelopeErrorCode, type EnvelopeResult } from './envelope-error.js'
export { readEnvelope } from './read-envelope.js'
export { type PaddingOptions, writeEnvelope } from './write-envelope.js'
