/**
 * XEP-0191: Blocking Command (1.3).
 *
 * @module
 */

export type { BlockingChange } from './block-set.js'
export { type Addresses, type Blocking, blocking } from './blocking.js'
export {
  Block,
  Blocked,
  BlockItem,
  BlockList,
  BlockListQuery,
  getBlockList,
  NS_BLOCKING,
  NS_BLOCKING_ERRORS,
  sendBlock,
  sendUnblock,
  Unblock,
} from './elements.js'
export { isBlockedError } from './is-blocked-error.js'
