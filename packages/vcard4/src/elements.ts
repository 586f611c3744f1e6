import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0292). */
export const NS_VCARD4 = 'urn:xmpp:vcard4:0'

/** Says that something happened to the stanza with this id (XEP-0292). */
export const Vcard4Notice = element(NS_VCARD4, 'vcard4', { id: attr('id') })
/** The value of the definition of the same name. */
export type Vcard4Notice = Infer<typeof Vcard4Notice>
