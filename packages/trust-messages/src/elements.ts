import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0434). */
export const NS_TRUST_MESSAGES = 'urn:xmpp:trust-messages:0'

/** Says that something happened to the stanza with this id (XEP-0434). */
export const TrustMessagesNotice = element(NS_TRUST_MESSAGES, 'trust-messages', { id: attr('id') })
/** The value of the definition of the same name. */
export type TrustMessagesNotice = Infer<typeof TrustMessagesNotice>
