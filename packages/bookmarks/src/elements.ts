import { pepNode } from '@couplet/pep'
import {
  attr,
  bool,
  childText,
  element,
  type Field,
  type Infer,
  jid,
  type OptionalField,
  optional,
  type XmlElement,
} from '@couplet/stanza'

/** The namespace of bookmarks, and the name of the node that holds them (XEP-0402 §3). */
export const NS_BOOKMARKS = 'urn:xmpp:bookmarks:1'
/** The feature of accounts whose server keeps bookmarks and those in private storage the same (XEP-0402 §6). */
export const NS_BOOKMARKS_COMPAT = 'urn:xmpp:bookmarks:1#compat'
/** The same for those in the single item of XEP-0048 (XEP-0402 §6). */
export const NS_BOOKMARKS_COMPAT_PEP = 'urn:xmpp:bookmarks:1#compat-pep'
/** The namespace of bookmarks as they were before, and the name of their node (XEP-0048). */
export const NS_OLD_BOOKMARKS = 'storage:bookmarks'
/** The feature of rooms (XEP-0045 §6.4). */
export const NS_MUC = 'http://jabber.org/protocol/muc'

/** What of an element has no field, kept for whoever knows it. */
export interface UnknownContent {
  /** Attributes as key and value. */
  readonly attributes: readonly (readonly [key: string, value: string])[]
  /** Child elements. */
  readonly elements: readonly XmlElement[]
}

/** Of several the first counts: one client's mistake must not hide the bookmark from all others. */
const firstText = (name: string): OptionalField<string> =>
  optional({ ...childText(name), parse: (parent) => parent.child(name)?.text })

/** What is neither true nor false is the default. */
const autojoin: OptionalField<boolean> = optional({
  ...attr('autojoin', bool),
  parse: (parent) => bool.decode(parent.attr('autojoin') ?? ''),
})

const extensions: OptionalField<readonly XmlElement[]> = optional<readonly XmlElement[]>({
  path: '/extensions',
  parse(parent) {
    const found = [...parent.elements()].filter(({ ns, name }) => ns === parent.ns && name === 'extensions')
    return found.length === 0 ? undefined : found.flatMap((each) => [...each.elements()])
  },
  build: (elements, parts) => void parts.children.push(Extensions({ elements })),
})

const allElements: Field<readonly XmlElement[]> = {
  path: '/*',
  parse: (parent) => [...parent.elements()],
  build: (elements, parts) => void parts.children.push(...elements),
}
const Extensions = element(NS_BOOKMARKS, 'extensions', { elements: allElements })

const unknownContent = (attributes: readonly string[], names: readonly string[]): OptionalField<UnknownContent> =>
  optional<UnknownContent>({
    path: '',
    parse(parent) {
      const unknown = {
        attributes: [...parent.attributes()].filter(([key]) => !attributes.includes(key)),
        elements: [...parent.elements()].filter(({ ns, name }) => ns !== parent.ns || !names.includes(name)),
      }
      return unknown.attributes.length + unknown.elements.length === 0 ? undefined : unknown
    },
    build(unknown, parts) {
      parts.attributes.push(...unknown.attributes.flat())
      parts.children.push(...unknown.elements)
    },
  })

/** A bookmark; the id of its item is the address of the room (XEP-0402 §2). */
export const Conference = element(NS_BOOKMARKS, 'conference', {
  name: optional(attr('name')),
  autojoin,
  nick: firstText('nick'),
  password: firstText('password'),
  /** What other clients and servers have added; must be kept. */
  extensions,
  /** What the XEP does not know; is kept, too. */
  unknown: unknownContent(['name', 'autojoin'], ['nick', 'password', 'extensions']),
})
/** The value of the definition of the same name. */
export type Conference = Infer<typeof Conference>

/** The node of bookmarks, as XEP-0402 §3.3 wants it: for nobody else, and for as many as possible. */
export const bookmarksNode = pepNode(Conference, {
  name: NS_BOOKMARKS,
  access: 'private',
  maxItems: 'max',
  sendLast: 'never',
})

/** A bookmark as it was before (XEP-0048 §2.1). */
export const OldConference = element(NS_OLD_BOOKMARKS, 'conference', {
  name: optional(attr('name')),
  autojoin,
  jid: attr('jid', jid),
  nick: firstText('nick'),
  password: firstText('password'),
  unknown: unknownContent(['name', 'autojoin', 'jid'], ['nick', 'password']),
})
/** The value of the definition of the same name. */
export type OldConference = Infer<typeof OldConference>

const readableConferences: Field<readonly OldConference[]> = {
  path: '/conference',
  parse: (storage) => storage.all(OldConference),
  build: (conferences, parts) => void parts.children.push(...conferences.map((each) => OldConference(each))),
}

/** All bookmarks in one element, as it was before (XEP-0048 §2). What is no room, or has no address, is left out. */
export const OldBookmarks = element(NS_OLD_BOOKMARKS, 'storage', { conferences: readableConferences })
/** The value of the definition of the same name. */
export type OldBookmarks = Infer<typeof OldBookmarks>

/** The node that bookmarks were in before, as one item (XEP-0048 §3). */
export const oldBookmarksNode = pepNode(OldBookmarks, { access: 'private' })
