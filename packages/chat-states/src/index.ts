/**
 * XEP-0085: Chat State Notifications (2.1).
 *
 * @module
 */

export { type ChatStateOptions, type ChatStates, chatStates } from './chat-states.js'
export { ChatState, NS_CHAT_STATES } from './elements.js'
