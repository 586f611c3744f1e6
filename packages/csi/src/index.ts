/**
 * XEP-0352: Client State Indication (1.0.0).
 *
 * @module
 */

export { type Csi, csi } from './csi.js'
export { CsiActive, CsiFeature, CsiInactive, NS_CSI } from './elements.js'
