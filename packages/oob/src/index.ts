/**
 * XEP-0066: Out of Band Data (1.5).
 *
 * @module
 */

export { NS_OOB, NS_OOB_IQ, OobData, OobQuery, offerOob } from './elements.js'
export { webUrl } from './web-url.js'
