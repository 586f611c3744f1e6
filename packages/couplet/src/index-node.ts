/**
 * The preset for Node: the same as everywhere, and TCP.
 *
 * @module
 */
export * from '@couplet/tcp'
export * from './index.js'
