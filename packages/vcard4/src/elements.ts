import { pepNode } from '@couplet/pep'
import { define, type ElementDef, type Infer, Malformed, uint, type XmlElement, xml } from '@couplet/stanza'
import { openChild, openChildren, openElement, openText } from '@couplet/vcard'

/** The namespace of vCard4 in XML (RFC 6351 §4, XEP-0292 §3). */
export const NS_VCARD4 = 'urn:ietf:params:xml:ns:vcard-4.0'
/** The node with the vCard of an account (XEP-0292 §4.1). */
export const NS_VCARD4_NODE = 'urn:xmpp:vcard4'
/** The node with what an account keeps about its contacts (XEP-0292 §5.2). */
export const NS_VCARD4_CONTACTS = 'urn:xmpp:contacts'

const words = (tag: string): ElementDef<string> => openText(NS_VCARD4, tag)

/** The one child of this name, and nothing else, decoded; anything else is for `others`. */
const holding = <T>(tag: string, inner: string, decode: (text: string) => T | undefined): ElementDef<T> =>
  define<T>(
    NS_VCARD4,
    [tag],
    (value) => xml(NS_VCARD4, tag, {}, xml(NS_VCARD4, inner, {}, String(value))),
    (element) => {
      const [child, ...more] = element.elements()
      const text = child && more.length === 0 ? textOf(child, inner) : undefined
      return (text === undefined ? undefined : decode(text)) ?? new Malformed(`/${inner}`, 'is not as it should be')
    },
  )

const textOf = (element: XmlElement, name: string): string | undefined => {
  const isText = element.name === name && element.ns === NS_VCARD4 && element.children.every((node) => !isElement(node))
  return isText ? element.text : undefined
}
const isElement = (node: XmlElement | string): boolean => typeof node !== 'string'

/** Texts, and nothing else (RFC 6351 §5). */
const TypeParameter: ElementDef<readonly string[]> = define<readonly string[]>(
  NS_VCARD4,
  ['type'],
  (types) => xml(NS_VCARD4, 'type', {}, ...types.map((type) => xml(NS_VCARD4, 'text', {}, type))),
  (element) => {
    const types = [...element.elements()].map((child) => textOf(child, 'text'))
    return types.every((type) => type !== undefined) ? types : new Malformed('/text', 'is not text')
  },
)

/** What is said about a property (RFC 6350 §5). */
export const Vcard4Parameters = openElement(NS_VCARD4, 'parameters', {
  /** Such as `home` and `work`, and for a telephone `cell`, `voice` and others (RFC 6350 §6.4.1). */
  types: openChild(TypeParameter),
  /** From 1, the most preferred, to 100. */
  preference: openChild(holding('pref', 'integer', (text) => uint.decode(text))),
  language: openChild(holding('language', 'language-tag', (text) => text)),
})
/** The value of the definition of the same name. */
export type Vcard4Parameters = Infer<typeof Vcard4Parameters>

const parameters = openChild(Vcard4Parameters)
const texts = openChildren(words('text'))
const [text, uri] = [openChild(words('text')), openChild(words('uri'))]

const textProperty = (tag: string) => openChildren(openElement(NS_VCARD4, tag, { parameters, text }))
const textsProperty = (tag: string) => openChildren(openElement(NS_VCARD4, tag, { parameters, texts }))
/** An address is one that somebody else has chosen: nothing fetches it. */
const uriProperty = (tag: string) => openChildren(openElement(NS_VCARD4, tag, { parameters, uri }))
const uriOrText = (tag: string) => openChildren(openElement(NS_VCARD4, tag, { parameters, uri, text }))

/** The parts of a name (RFC 6350 §6.2.2); there may be several of each. */
export const Vcard4Name = openElement(NS_VCARD4, 'n', {
  parameters,
  surnames: openChildren(words('surname')),
  given: openChildren(words('given')),
  additional: openChildren(words('additional')),
  prefixes: openChildren(words('prefix')),
  suffixes: openChildren(words('suffix')),
})
/** The value of the definition of the same name. */
export type Vcard4Name = Infer<typeof Vcard4Name>

/** A postal address (RFC 6350 §6.3.1). */
export const Vcard4Address = openElement(NS_VCARD4, 'adr', {
  parameters,
  postBox: openChild(words('pobox')),
  extended: openChild(words('ext')),
  street: openChild(words('street')),
  locality: openChild(words('locality')),
  region: openChild(words('region')),
  postalCode: openChild(words('code')),
  country: openChild(words('country')),
})
/** The value of the definition of the same name. */
export type Vcard4Address = Infer<typeof Vcard4Address>

/** A day, as far as it is known (RFC 6350 §6.2.5): one of these. */
const Birthday = openElement(NS_VCARD4, 'bday', {
  parameters,
  date: openChild(words('date')),
  dateTime: openChild(words('date-time')),
  text,
})

/**
 * What somebody or something tells about itself, or somebody about a contact (RFC 6350, RFC 6351). Everything may be missing,
 * and what is there is text as somebody has written it; who follows the RFC gives at least one of `fullNames`. What this
 * definition does not know is in `others`, here and in each part.
 */
export const Vcard4 = openElement(NS_VCARD4, 'vcard', {
  fullNames: textProperty('fn'),
  name: openChild(Vcard4Name),
  nicknames: textProperty('nickname'),
  photos: uriProperty('photo'),
  birthday: openChild(Birthday),
  addresses: openChildren(Vcard4Address),
  /** A URI is like `tel:+1-508-555-0100`. */
  phones: uriOrText('tel'),
  geo: uriProperty('geo'),
  titles: textProperty('title'),
  roles: textProperty('role'),
  /** The name, and below it the units. */
  organizations: textsProperty('org'),
  urls: uriProperty('url'),
  notes: textProperty('note'),
  /** `M`, `F`, `O`, `N`, `U` or nothing, and a text. */
  gender: openChild(
    openElement(NS_VCARD4, 'gender', { sex: openChild(words('sex')), identity: openChild(words('identity')) }),
  ),
  languages: openChildren(openElement(NS_VCARD4, 'lang', { parameters, tag: openChild(words('language-tag')) })),
  emails: textProperty('email'),
  /** Where to write messages to, such as `xmpp:ishmael@example.org`; no proof of anything. */
  impp: uriProperty('impp'),
  keys: uriOrText('key'),
  timeZones: uriOrText('tz'),
  logos: uriProperty('logo'),
  categories: textsProperty('categories'),
  related: uriOrText('related'),
  uid: openChild(openElement(NS_VCARD4, 'uid', { parameters, uri, text })),
  /** Such as `individual`, `group`, `org`, or `application` for a server or a room (XEP-0292 §6). */
  kind: openChild(openElement(NS_VCARD4, 'kind', { text })),
})
/** The value of the definition of the same name. */
export type Vcard4 = Infer<typeof Vcard4>

/**
 * Where an account tells about itself (XEP-0292 §4.1). Contacts can read it, unless it is published with
 * `{ access: 'open' }`; nobody is sent it just for coming online.
 */
export const Vcard4Node = pepNode(Vcard4, { name: NS_VCARD4_NODE, access: 'presence', sendLast: 'never' })

/** What an account keeps about its contacts, for its own clients only; ids are bare JIDs (XEP-0292 §5.2). */
export const Vcard4Contacts = pepNode(Vcard4, {
  name: NS_VCARD4_CONTACTS,
  access: 'private',
  maxItems: 'max',
  sendLast: 'never',
})
