/**
 * XEP-0202: Entity Time (2.0).
 *
 * @module
 */

export { EntityTime, NS_TIME, queryTime, TimeQuery } from './elements.js'
export { getTime } from './get-time.js'
export { type Time, type TimeOptions, type TimeRosterOptions, type TimeZone, time } from './time.js'
