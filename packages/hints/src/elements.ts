import { type Infer, tagged } from '@couplet/stanza'

/** The namespace of message processing hints (XEP-0334). */
export const NS_HINTS = 'urn:xmpp:hints'

/**
 * What the sender would like others to do with a message (XEP-0334 §4): the tag is the value. `no-copy` is for messages
 * to full JIDs only (§4.3).
 */
export const ProcessingHint = tagged(NS_HINTS, 'no-permanent-store', 'no-store', 'no-copy', 'store')
/** The value of the definition of the same name. */
export type ProcessingHint = Infer<typeof ProcessingHint>
