/**
 * XEP-0292: vCard4 Over XMPP (0.12.0).
 *
 * @module
 */

export { NS_VCARD4, Vcard4Notice } from './elements.js'
export { type Vcard4, vcard4 } from './vcard4.js'
