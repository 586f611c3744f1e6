/**
 * XEP-0060: Publish-Subscribe (1.30.0).
 *
 * @module
 */

export {
  createNode,
  getAffiliations,
  getDefaultSubscriptionOptions,
  getItems,
  getSubscriptionOptions,
  getSubscriptions,
  NS_PUBSUB,
  NS_PUBSUB_CONFIG_NODE_MAX,
  NS_PUBSUB_ERRORS,
  PublishRequest,
  PubsubAffiliation,
  PubsubCondition,
  PubsubItem,
  PubsubSubscription,
  publishItems,
  retractItems,
  type SubscriptionState,
  setSubscriptionOptions,
  subscribeNode,
  UnsupportedFeature,
  unsubscribeNode,
} from './elements.js'
export { NS_PUBSUB_EVENT, PubsubEvent } from './event/elements.js'
export {
  NodeConfig,
  NodeMetadata,
  NS_NODE_CONFIG,
  NS_NODE_METADATA,
  NS_PUBLISH_OPTIONS,
  NS_SUBSCRIBE_OPTIONS,
  PublishOptions,
  SubscribeOptions,
} from './forms/elements.js'
export type { ChangeOrigin, NodeChange, NodeChangeBase } from './node-change.js'
export type { ItemsOptions, NodeItem } from './node-items.js'
export type { ConfigureOptions, NodeOwner } from './node-owner.js'
export {
  deleteNode,
  getDefaultNodeConfig,
  getNodeAffiliations,
  getNodeConfig,
  getNodeSubscriptions,
  NS_PUBSUB_OWNER,
  OwnerAffiliation,
  OwnerConfigure,
  OwnerSubscription,
  purgeNode,
  setNodeAffiliations,
  setNodeConfig,
  setNodeSubscriptions,
} from './owner/elements.js'
export { type Pubsub, pubsub } from './pubsub.js'
export type { PublishCallOptions, PubsubNode, SubscriptionCallOptions } from './pubsub-node.js'
