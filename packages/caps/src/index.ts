/**
 * XEP-0115: Entity Capabilities (1.6.0).
 *
 * @module
 */

export { type Caps, type CapsOptions, caps } from './caps.js'
export { type CapsVerdict, checkCaps } from './check-caps.js'
export { Capabilities, NS_CAPS } from './elements.js'
export { verificationString } from './verification-string.js'
