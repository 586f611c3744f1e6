/**
 * XEP-0420: Stanza Content Encryption (0.5.0).
 *
 * @module
 */

export { NS_SCE, SceNotice } from './elements.js'
