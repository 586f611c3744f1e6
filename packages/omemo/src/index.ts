/**
 * XEP-0384: OMEMO Encryption (0.9.1).
 *
 * @module
 */

export { NS_OMEMO, OmemoNotice } from './elements.js'
export { type Omemo, omemo } from './omemo.js'
