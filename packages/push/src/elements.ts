import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0357). */
export const NS_PUSH = 'urn:xmpp:push:0'

/** Says that something happened to the stanza with this id (XEP-0357). */
export const PushNotice = element(NS_PUSH, 'push', { id: attr('id') })
/** The value of the definition of the same name. */
export type PushNotice = Infer<typeof PushNotice>
