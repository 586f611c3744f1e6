import { base64, define, type ElementDef, type Infer, iqGet, iqSet, Malformed, marker, xml } from '@couplet/stanza'
import { openChild, openChildren, openElement, openText } from './open/elements.js'

/** The namespace of vCards, and the feature of those who have them (XEP-0054 §4). */
export const NS_VCARD = 'vcard-temp'

const words = (tag: string): ElementDef<string> => openText(NS_VCARD, tag)
const is = (tag: string): ElementDef<true> => marker(NS_VCARD, tag)

const Bytes: ElementDef<Uint8Array> = define<Uint8Array>(
  NS_VCARD,
  ['BINVAL'],
  (bytes) => xml(NS_VCARD, 'BINVAL', {}, base64.encode(bytes)),
  (element) => base64.decode(element.text) ?? new Malformed('', `is not ${base64.expects}`),
)

/** The parts of a name (XEP-0054 §8). */
export const VcardName = openElement(NS_VCARD, 'N', {
  family: openChild(words('FAMILY')),
  given: openChild(words('GIVEN')),
  middle: openChild(words('MIDDLE')),
  prefix: openChild(words('PREFIX')),
  suffix: openChild(words('SUFFIX')),
})
/** The value of the definition of the same name. */
export type VcardName = Infer<typeof VcardName>

const image = {
  /** What it is said to be; look at the bytes to know. */
  type: openChild(words('TYPE')),
  data: openChild(Bytes),
  /** An address that somebody else has chosen: nothing fetches it. */
  uri: openChild(words('EXTVAL')),
}

/** A picture of whose vCard it is; as an avatar it is `client.avatar` that reads it (XEP-0153). */
export const VcardPhoto = openElement(NS_VCARD, 'PHOTO', image)
/** The value of the definition of the same name. */
export type VcardPhoto = Infer<typeof VcardPhoto>

/** A postal address. */
export const VcardAddress = openElement(NS_VCARD, 'ADR', {
  home: openChild(is('HOME')),
  work: openChild(is('WORK')),
  postal: openChild(is('POSTAL')),
  parcel: openChild(is('PARCEL')),
  domestic: openChild(is('DOM')),
  international: openChild(is('INTL')),
  preferred: openChild(is('PREF')),
  postBox: openChild(words('POBOX')),
  extended: openChild(words('EXTADD')),
  street: openChild(words('STREET')),
  locality: openChild(words('LOCALITY')),
  region: openChild(words('REGION')),
  postalCode: openChild(words('PCODE')),
  country: openChild(words('CTRY')),
})
/** The value of the definition of the same name. */
export type VcardAddress = Infer<typeof VcardAddress>

/** A telephone number; one that is not known is empty (XEP-0054 §7). */
export const VcardPhone = openElement(NS_VCARD, 'TEL', {
  home: openChild(is('HOME')),
  work: openChild(is('WORK')),
  voice: openChild(is('VOICE')),
  fax: openChild(is('FAX')),
  pager: openChild(is('PAGER')),
  messages: openChild(is('MSG')),
  cell: openChild(is('CELL')),
  video: openChild(is('VIDEO')),
  preferred: openChild(is('PREF')),
  number: openChild(words('NUMBER')),
})
/** The value of the definition of the same name. */
export type VcardPhone = Infer<typeof VcardPhone>

/** An address of electronic mail. */
export const VcardEmail = openElement(NS_VCARD, 'EMAIL', {
  home: openChild(is('HOME')),
  work: openChild(is('WORK')),
  internet: openChild(is('INTERNET')),
  preferred: openChild(is('PREF')),
  x400: openChild(is('X400')),
  address: openChild(words('USERID')),
})
/** The value of the definition of the same name. */
export type VcardEmail = Infer<typeof VcardEmail>

/** Where somebody belongs to. */
export const VcardOrganization = openElement(NS_VCARD, 'ORG', {
  name: openChild(words('ORGNAME')),
  units: openChildren(words('ORGUNIT')),
})
/** The value of the definition of the same name. */
export type VcardOrganization = Infer<typeof VcardOrganization>

/**
 * What somebody, a room or a server tells the world about itself (XEP-0054 §8). Everything may be missing, and what is
 * there is text as they have written it. What this definition does not know is in `others`, here and in each part.
 */
export const Vcard = openElement(NS_VCARD, 'vCard', {
  fullName: openChild(words('FN')),
  name: openChild(VcardName),
  /** Several are separated by commas. */
  nickname: openChild(words('NICKNAME')),
  photo: openChild(VcardPhoto),
  urls: openChildren(words('URL')),
  /** A date as in ISO 8601, if it is one. */
  birthday: openChild(words('BDAY')),
  organization: openChild(VcardOrganization),
  title: openChild(words('TITLE')),
  role: openChild(words('ROLE')),
  phones: openChildren(VcardPhone),
  addresses: openChildren(VcardAddress),
  emails: openChildren(VcardEmail),
  /** Whoever it is: an address that is no proof of anything. */
  jabberId: openChild(words('JABBERID')),
  timeZone: openChild(words('TZ')),
  logo: openChild(openElement(NS_VCARD, 'LOGO', image)),
  note: openChild(words('NOTE')),
  revision: openChild(words('REV')),
  uid: openChild(words('UID')),
  description: openChild(words('DESC')),
})
/** The value of the definition of the same name. */
export type Vcard = Infer<typeof Vcard>

/** Asks for a vCard; the question is an empty one (XEP-0054 §3.1, §3.3). */
export const queryVcard = iqGet(Vcard, Vcard)
/** Stores the vCard of the own account in the place of the one before (XEP-0054 §3.2). */
export const storeVcard = iqSet(Vcard)
