import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0384). */
export const NS_OMEMO = 'urn:xmpp:omemo:0'

/** Says that something happened to the stanza with this id (XEP-0384). */
export const OmemoNotice = element(NS_OMEMO, 'omemo', { id: attr('id') })
/** The value of the definition of the same name. */
export type OmemoNotice = Infer<typeof OmemoNotice>
