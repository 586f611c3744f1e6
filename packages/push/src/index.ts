/**
 * XEP-0357: Push Notifications (0.4.1).
 *
 * @module
 */

export { NS_PUSH, PushNotice } from './elements.js'
export { type Push, push } from './push.js'
