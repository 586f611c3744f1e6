/**
 * XEP-0428: Fallback Indication (0.2.1), XEP-0426: Character counting in message bodies (0.3.0).
 *
 * @module
 */

export { bodyWithoutFallback, subjectWithoutFallback } from './body-without-fallback.js'
export { codePointLength, type FallbackRange, withoutFallback } from './code-points.js'
export { Fallback, NS_FALLBACK } from './elements.js'
