/**
 * RFC 6121 §3 and §4: presence and subscriptions.
 *
 * @module
 */

export {
  type ContactPresence,
  contactPresence,
  type SubscriptionChange,
  type SubscriptionRequest,
} from './contact-presence.js'
export { NS_PRE_APPROVAL, PreApproval } from './elements.js'
export type { OwnAvailability } from './own-presence.js'
