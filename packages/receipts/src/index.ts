/**
 * XEP-0184: Message Delivery Receipts (1.4.0).
 *
 * @module
 */

export { NS_RECEIPTS, ReceiptRequest, Received } from './elements.js'
export { type ReceiptRequested, type Receipts, type ReceiptsOptions, receipts } from './receipts.js'
