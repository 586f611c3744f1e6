/**
 * XEP-0054: vcard-temp (1.3.0).
 *
 * @module
 */

export { NS_VCARD, VcardNotice } from './elements.js'
export { type Vcard, vcard } from './vcard.js'
