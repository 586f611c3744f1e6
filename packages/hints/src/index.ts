/**
 * XEP-0334: Message Processing Hints (1.0.0).
 *
 * @module
 */

export { NS_HINTS, ProcessingHint } from './elements.js'
export { hintsOf } from './hints-of.js'
