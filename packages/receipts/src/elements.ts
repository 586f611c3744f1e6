import { attr, element, type Infer, marker } from '@couplet/stanza'

/** The namespace of delivery receipts (XEP-0184). */
export const NS_RECEIPTS = 'urn:xmpp:receipts'

/** Asks the recipient's client to say that it has received the message (XEP-0184 §7). */
export const ReceiptRequest = marker(NS_RECEIPTS, 'request')
/** The value of the definition of the same name. */
export type ReceiptRequest = Infer<typeof ReceiptRequest>

/** Says that the message with this id has been received (XEP-0184 §7). */
export const Received = element(NS_RECEIPTS, 'received', { id: attr('id') })
/** The value of the definition of the same name. */
export type Received = Infer<typeof Received>
