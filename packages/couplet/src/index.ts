/**
 * The preset: everything that most clients and bots need, in one import. What is not used is not in your bundle.
 *
 * @module
 */
export * from '@couplet/carbons'
export * from '@couplet/chat-states'
export * from '@couplet/client'
export * from '@couplet/csi'
export * from '@couplet/delay'
export * from '@couplet/disco'
export * from '@couplet/eme'
export * from '@couplet/fallback'
export * from '@couplet/forms'
export * from '@couplet/forward'
export * from '@couplet/hashes'
export * from '@couplet/hints'
export * from '@couplet/mam'
export * from '@couplet/oob'
export * from '@couplet/ping'
export * from '@couplet/presence'
export * from '@couplet/receipts'
export * from '@couplet/roster'
export * from '@couplet/rsm'
export * from '@couplet/stanza'
export * from '@couplet/stanza-id'
export * from '@couplet/websocket'
export { type ClientOptions, createClient } from './create-client.js'
