/**
 * XEP-0280: Message Carbons (1.0.1).
 *
 * @module
 */

export { type CarbonDirection, type Carbons, carbons } from './carbons.js'
export {
  DisableCarbons,
  disableCarbons,
  EnableCarbons,
  enableCarbons,
  NS_CARBONS,
  PrivateMessage,
  ReceivedCarbon,
  SentCarbon,
} from './elements.js'
