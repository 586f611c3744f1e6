import { type Infer, tagged } from '@couplet/stanza'

/** The namespace of chat states (XEP-0085). */
export const NS_CHAT_STATES = 'http://jabber.org/protocol/chatstates'

/** What someone is doing in a conversation (XEP-0085 §2): the tag is the value. */
export const ChatState = tagged(NS_CHAT_STATES, 'active', 'composing', 'paused', 'inactive', 'gone')
/** The value of the definition of the same name. */
export type ChatState = Infer<typeof ChatState>
