/**
 * XEP-0012: Last Activity (2.0).
 *
 * @module
 */

export { LastActivity, LastActivityQuery, NS_LAST_ACTIVITY, queryLastActivity } from './elements.js'
export { getLastActivity } from './get-last-activity.js'
export {
  type LastActivityOptions,
  type LastActivityRosterOptions,
  lastActivity,
  type UserActivity,
} from './last-activity.js'
