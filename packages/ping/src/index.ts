/**
 * XEP-0199: XMPP Ping (2.0.1).
 *
 * @module
 */

export { NS_PING, PingRequest, sendPing } from './elements.js'
export { type Ping, type PingOptions, type PingRosterOptions, ping } from './ping.js'
