/**
 * XEP-0292: vCard4 Over XMPP (0.12.0).
 *
 * @module
 */

export {
  NS_VCARD4,
  NS_VCARD4_CONTACTS,
  NS_VCARD4_NODE,
  Vcard4,
  Vcard4Address,
  Vcard4Contacts,
  Vcard4Name,
  Vcard4Node,
  Vcard4Parameters,
} from './elements.js'
export {
  getVcard4,
  onVcard4Change,
  publishVcard4,
  updateVcard4,
  type Vcard4Client,
  type Vcard4Options,
  type Vcard4PublishOptions,
} from './vcard4.js'
