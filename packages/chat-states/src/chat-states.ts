import type { Handled, InboundMessage, Plugin, PluginContext, SendHandle, Subscription } from '@couplet/client'
import { type Jid, message, type XmlElement } from '@couplet/stanza'
import { Conversations } from './conversations.js'
import { ChatState, NS_CHAT_STATES } from './elements.js'

/** Options of a notification. */
export interface ChatStateOptions {
  /** `groupchat` to tell a whole room; default `chat`. */
  readonly type?: 'chat' | 'groupchat'
  /** The thread, if the conversation uses threads (XEP-0085 §5.7). */
  readonly thread?: string | undefined
}

/** What `client.chatStates` offers. */
export interface ChatStates {
  /**
   * What a message with content carries: `message({ to, body }, ...client.chatStates.active(to))`. It also asks whether
   * the contact speaks this protocol. Empty for one who has answered without a state (XEP-0085 §5.1).
   */
  active(to: Jid | string): readonly XmlElement[]
  /**
   * Sends a notification alone. Sends nothing and returns `undefined` where XEP-0085 says not to: to a contact who is not
   * known to speak this protocol (§5.1), the same state twice in a row (§5.3), `gone` to a room (§5.5).
   */
  send(to: Jid | string, state: ChatState, options?: ChatStateOptions): SendHandle | undefined
  /** Calls the handler with the states of others as they happen; for a room `from` is the occupant. */
  onChange(handler: (from: Jid, state: ChatState, message: InboundMessage) => Handled): Subscription
}

/** The plugin: who is typing, within the rules of XEP-0085 §5. */
export function chatStates(): Plugin<'chatStates', ChatStates> {
  return {
    name: 'chatStates',
    features: [NS_CHAT_STATES],
    needs: {},
    setup(context) {
      const conversations = new Conversations()
      learnSupport(context, conversations)
      return {
        active(to) {
          const { peer } = conversations.of(to)
          if (peer.support === false) return []
          peer.lastSent = 'active'
          return [ChatState('active')]
        },
        send: (to, state, options) => send(context, conversations, to, state, options),
        onChange: (handler) => listen(context, handler),
      }
    },
  }
}

function send(
  context: PluginContext,
  conversations: Conversations,
  to: Jid | string,
  state: ChatState,
  { type = 'chat', thread }: ChatStateOptions = {},
): SendHandle | undefined {
  const { peer, jid } = conversations.of(to)
  const allowed = type === 'groupchat' ? state !== 'gone' : peer.support === true
  if (!allowed || peer.lastSent === state) return undefined
  peer.lastSent = state
  return context.send(message({ to: jid, type, thread }, ChatState(state)))
}

/** XEP-0085 §5.1: a contact who answers with a state speaks this protocol, one who answers without does not. */
function learnSupport(context: PluginContext, conversations: Conversations): void {
  const isAnswer = (received: InboundMessage): boolean =>
    isHappening(received, context) && received.type !== 'groupchat' && received.type !== 'headline'
  context.onMessage(
    ChatState,
    (_state, received) => {
      if (isAnswer(received)) conversations.of(received.from as Jid).peer.support = true
    },
    { from: 'anyone' },
  )
  context.onMessage((received) => {
    if (received.body === undefined || received.get(ChatState) !== undefined || !isAnswer(received)) return
    conversations.of(received.from as Jid).peer.support ??= false
  })
}

function listen(context: PluginContext, handler: Parameters<ChatStates['onChange']>[0]): Subscription {
  return context.onMessage(
    ChatState,
    (state, received) => {
      // XEP-0085 §5.5: an occupant who closes the window has not left the room.
      if (!isHappening(received, context) || (received.type === 'groupchat' && state === 'gone')) return undefined
      return handler(received.from as Jid, state, received)
    },
    { from: 'anyone' },
  )
}

/** A state is about this moment: not of an old message, and not what another client of ours has sent. */
function isHappening({ provenance, from }: InboundMessage, { account }: PluginContext): boolean {
  return (provenance === 'live' || provenance === 'carbon') && from !== undefined && !from.bare.equals(account)
}
