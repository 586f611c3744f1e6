import { type BareJid, Jid, Message, type XmlElement } from '@couplet/stanza'
import { checkAddressee } from './addressee.js'

/**
 * How a session is called in what it sends, and which stanzas are for it. A client leaves its name to the server (RFC 6120
 * §8.1.2.1); a component has a whole domain of names, and writes them itself (XEP-0114 §3).
 *
 * @internal
 */
export interface Addressing {
  /** Whether a presence without an addressee has a meaning. */
  readonly announces: boolean
  /** Whom to ask for a sign of life of the server. */
  server(account: BareJid): Jid
  /** Whether a stanza is for this session. */
  isOurs(element: XmlElement, ownJid: Jid): boolean
  /** To whom of us it is, if we are many and each gets messages of its own. */
  inbox(element: XmlElement): string
  /** Who answers it; `undefined` where the server says so. */
  answerer(asked: XmlElement): string | undefined
  /** A stanza as it leaves. @throws TypeError if it is not addressed as it has to be */
  outgoing(stanza: XmlElement): XmlElement
}

/** @internal RFC 6120 §8.1: one account, whose server knows who we are. */
export const clientAddressing: Addressing = {
  announces: true,
  server: ({ domain }) => Jid.parse(domain),
  isOurs: checkAddressee,
  inbox: () => '',
  answerer: () => undefined,
  outgoing: (stanza) => stanza,
}

/** @internal An answer from the address that was asked, unless it names another. */
export function answerTo(asked: XmlElement, answer: Message, addressing: Addressing): Message {
  const from = addressing.answerer(asked)
  if (from === undefined || answer.element.attr('from') !== undefined) return answer
  return new Message(answer.element.with({ from }))
}
