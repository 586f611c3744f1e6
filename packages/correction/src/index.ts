/**
 * XEP-0308: Last Message Correction (1.2.1).
 *
 * @module
 */

export { correct } from './correct.js'
export { type CorrectionOptions, correction, onCorrection } from './correction.js'
export { NS_CORRECTION, Replace } from './elements.js'
export { type CorrectionContext, correctedId, isCorrectionOf } from './is-correction-of.js'
