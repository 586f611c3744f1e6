/**
 * XEP-0050: Ad-Hoc Commands (1.3.0).
 *
 * @module
 */

export { type Adhoc, adhoc } from './adhoc.js'
export { AdhocNotice, NS_ADHOC } from './elements.js'
