import { type BareJid, Jid, type Message, type XmlElement } from '@couplet/stanza'
import { OriginId, StanzaId } from './elements.js'

/**
 * The stanza id that `by` has assigned: the own account, or the room for its own groupchat messages (XEP-0359 §3).
 * `undefined` unless there is exactly one in its name, and `by` is the sender or the addressee of the message. Nobody
 * removes what a sender forges unless `by` announces the feature `urn:xmpp:sid:0` (§6): ask before you rely on it.
 */
export function trustedStanzaId(message: Message, by: Jid): string | undefined {
  if (!isOnTheWay(message, by)) return undefined
  const name = by.toString()
  return onlyId(message, (element) => StanzaId.matches(element) && assigner(element) === name)
}

/**
 * The stanza id by whoever assigns it: the room for a groupchat message, else the own account (XEP-0359 §3, rule 7).
 * The same conditions as for {@link trustedStanzaId}.
 *
 * @param account the own account
 */
export function assignedStanzaId(message: Message, account: BareJid): StanzaId | undefined {
  const by = message.type === 'groupchat' ? message.from?.bare : account
  const id = by && trustedStanzaId(message, by)
  return id === undefined || by === undefined ? undefined : { id, by }
}

/**
 * The id that the sender says it has given to the message; `undefined` if there is none, or more than one. It finds the
 * own messages when a room reflects them. Anyone can repeat it (XEP-0359 §6), so never compare it without the sender.
 */
export function originId(message: Message): string | undefined {
  return onlyId(message, OriginId.matches)
}

/** Counts the malformed as well: where two claim to be the one, neither is. */
function onlyId(message: Message, test: (element: XmlElement) => boolean): string | undefined {
  const [only, ...more] = [...message.element.elements()].filter(test)
  return more.length > 0 ? undefined : only?.attr('id') || undefined
}

const assigner = (element: XmlElement): string | undefined => Jid.tryParse(element.attr('by') ?? '')?.toString()

/** Only who has handled a message can have assigned an id, and removed forged ones. Absent stands for the own account. */
function isOnTheWay({ from, to }: Message, by: Jid): boolean {
  return from === undefined || to === undefined || from.bare.equals(by.bare) || to.bare.equals(by.bare)
}
