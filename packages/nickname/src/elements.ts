import { define, type ElementDef, xml } from '@couplet/stanza'

/** The namespace of nicknames, and the node of PEP that holds one (XEP-0172 §3, §4.3). */
export const NS_NICKNAME = 'http://jabber.org/protocol/nick'

/**
 * What somebody wants to be called (XEP-0172 §3); its value is the name, and `''` is none. It goes with a subscription
 * request, with the first message to a stranger, and into PEP: never with presence for everybody (§4.1).
 */
export const Nickname: ElementDef<string> = define(
  NS_NICKNAME,
  ['nick'],
  (name: string) => xml(NS_NICKNAME, 'nick', {}, name),
  (nick) => nick.text,
)
