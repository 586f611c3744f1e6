import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0050). */
export const NS_ADHOC = 'urn:xmpp:adhoc:0'

/** Says that something happened to the stanza with this id (XEP-0050). */
export const AdhocNotice = element(NS_ADHOC, 'adhoc', { id: attr('id') })
/** The value of the definition of the same name. */
export type AdhocNotice = Infer<typeof AdhocNotice>
