/**
 * XEP-0030: Service Discovery (2.5.0).
 *
 * @module
 */

export {
  type Answered,
  type Disco,
  type DiscoCallOptions,
  type DiscoItemsOptions,
  type DiscoOptions,
  type DiscoRosterOptions,
  type DiscoSelf,
  disco,
  type NodeDescriber,
  type ServedNodes,
} from './disco.js'
export {
  DiscoFeature,
  DiscoIdentity,
  DiscoInfo,
  DiscoInfoQuery,
  DiscoItem,
  DiscoItems,
  DiscoItemsQuery,
  getDiscoInfo,
  getDiscoItems,
  NS_DISCO_INFO,
  NS_DISCO_ITEMS,
} from './elements.js'
