/**
 * XEP-0357: Push Notifications (0.4.1).
 *
 * @module
 */

export {
  disablePush,
  enablePush,
  NS_PUSH,
  NS_PUSH_SUMMARY,
  PushDisable,
  PushEnable,
  PushNotification,
  type PushOptions,
  PushPublish,
  PushSummary,
  publishPush,
} from './elements.js'
export { type DisableOptions, type EnableOptions, type Push, push } from './push.js'
export { PushError, type PushErrorCode } from './push-error.js'
export { type PushReceiver, pushService, type ReceivedPush } from './push-service.js'
