import {
  attr,
  type Codec,
  child,
  childText,
  dateTime,
  define,
  type ElementDef,
  element,
  type Field,
  type Infer,
  type Jid,
  jid,
  optional,
  type XmlElement,
  xml,
} from '@couplet/stanza'

/** The namespace of envelopes (XEP-0420). */
export const NS_SCE = 'urn:xmpp:sce:1'

/** A stamp without a zone, as in the examples of XEP-0434, is taken as UTC; what is written always has one. */
const stamp: Codec<Date> = {
  expects: dateTime.expects,
  decode: (text) => dateTime.decode(text) ?? dateTime.decode(`${text.trim()}Z`),
  encode: dateTime.encode,
}

/** An affix whose one attribute is all it says: its value is that of the attribute. */
function affix<T>(tag: string, attribute: Field<T>): ElementDef<T> {
  const whole = element(NS_SCE, tag, { value: attribute })
  type Whole = Infer<typeof whole>
  return define<T>(
    NS_SCE,
    [tag],
    (value) => whole.build({ value } as Whole),
    (node) => {
      const read = whole.parse(node)
      return 'value' in read ? (read.value as T) : read
    },
  )
}

/** When the sender has encrypted (XEP-0420 §4): a `Date`. */
export const TimeAffix: ElementDef<Date> = affix('time', attr('stamp', stamp))
/** Who has encrypted (XEP-0420 §4): a `Jid`. */
export const FromAffix: ElementDef<Jid> = affix('from', attr('jid', jid))
/** For whom (XEP-0420 §4): a `Jid`; for a message to a room, the room. */
export const ToAffix: ElementDef<Jid> = affix('to', attr('jid', jid))

/** What is encrypted: any elements, as they came. Text between them says nothing (XEP-0420 §3). */
const Content: ElementDef<readonly XmlElement[]> = define<readonly XmlElement[]>(
  NS_SCE,
  ['content'],
  (elements) => xml(NS_SCE, 'content', {}, ...elements),
  (node) => [...node.elements()],
)

/**
 * What is encrypted, and the affixes that tie it to its stanza (XEP-0420 §4). Reading is no check: for that there is
 * `checkEnvelope`, which also leaves out of the content what has no business there.
 */
export const Envelope = element(NS_SCE, 'envelope', {
  content: child(Content),
  /** Random text that hides the length of the content. */
  rpad: optional(childText('rpad')),
  time: optional(child(TimeAffix)),
  from: optional(child(FromAffix)),
  to: optional(child(ToAffix)),
})
/** The value of the definition of the same name. */
export type Envelope = Infer<typeof Envelope>

/** By namespace, the elements that servers and services process or write: all of it, or these. */
const serverProcessed: ReadonlyMap<string, 'all' | readonly string[]> = new Map<string, 'all' | readonly string[]>([
  // XEP-0420 §9: hints, stanza ids, addresses, the mark of the encryption.
  ['urn:xmpp:hints', 'all'],
  ['urn:xmpp:sid:0', ['stanza-id']],
  ['http://jabber.org/protocol/address', 'all'],
  ['urn:xmpp:eme:0', 'all'],
  // The list is not exhaustive. These say what a server or a room has done with a stanza; nobody else can know it.
  ['urn:xmpp:carbons:2', 'all'],
  ['urn:xmpp:mam:2', 'all'],
  ['urn:xmpp:delay', 'all'],
  ['jabber:x:delay', 'all'],
  ['urn:xmpp:occupant-id:0', 'all'],
  ['http://jabber.org/protocol/muc#user', 'all'],
  ['http://jabber.org/protocol/pubsub#event', 'all'],
])

/**
 * Whether an element belongs outside of the encryption, where servers see it, and counts for nothing inside: hints, stanza
 * ids, addresses, encryption marks (XEP-0420 §9), and what only a server or a room can know. An origin id may be inside.
 */
export function isServerProcessed({ ns, name }: XmlElement): boolean {
  const names = serverProcessed.get(ns)
  return names === 'all' || names?.includes(name) === true
}

/**
 * Whether an element says which namespace it is in (XEP-0420 §10): one without has inherited that of the envelope. That
 * makes an envelope within an envelope another one that does not count.
 */
export const isNamespaced = ({ ns }: XmlElement): boolean => ns !== '' && ns !== NS_SCE
