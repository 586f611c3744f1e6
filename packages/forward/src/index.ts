/**
 * XEP-0297: Stanza Forwarding (1.0).
 *
 * @module
 */

export { Forwarded, NS_FORWARD } from './elements.js'
export { type Forward, forwardOf } from './forward-of.js'
