/**
 * XEP-0163: Personal Eventing Protocol (1.2.2), XEP-0222: Persistent Storage of Public Data via PubSub (1.0), and
 * XEP-0223: Persistent Storage of Private Data via PubSub (1.1.1).
 *
 * @module
 */

export { NOTIFY_SUFFIX, type PepAccess, type PepNode, type PepOptions, pepNode } from './elements.js'
export {
  type Pep,
  type PepChangeOptions,
  type PepGetOptions,
  type PepPublishOptions,
  type PepTarget,
  pep,
} from './pep.js'
export { PepError, type PepErrorCode } from './pep-error.js'
