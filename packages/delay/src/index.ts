/**
 * XEP-0203: Delayed Delivery (2.0), XEP-0082: XMPP Date and Time Profiles (1.1.1), whose DateTime is a codec of
 * `@couplet/stanza`.
 *
 * @module
 */

export { Delay, NS_DELAY } from './elements.js'
export { clockTolerance, isPlausible, trustedDelay } from './trusted-delay.js'
