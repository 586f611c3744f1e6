/**
 * XEP-0054: vcard-temp (1.3.0).
 *
 * @module
 */

export {
  NS_VCARD,
  queryVcard,
  storeVcard,
  Vcard,
  VcardAddress,
  VcardEmail,
  VcardName,
  VcardOrganization,
  VcardPhone,
  VcardPhoto,
} from './elements.js'
export {
  type OpenPart,
  type OpenParts,
  type OpenValue,
  openChild,
  openChildren,
  openElement,
  openText,
} from './open/elements.js'
export { getVcard, setVcard, updateVcard, type VcardOptions } from './vcard.js'
