import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0054). */
export const NS_VCARD = 'urn:xmpp:vcard:0'

/** Says that something happened to the stanza with this id (XEP-0054). */
export const VcardNotice = element(NS_VCARD, 'vcard', { id: attr('id') })
/** The value of the definition of the same name. */
export type VcardNotice = Infer<typeof VcardNotice>
