import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0420). */
export const NS_SCE = 'urn:xmpp:sce:0'

/** Says that something happened to the stanza with this id (XEP-0420). */
export const SceNotice = element(NS_SCE, 'sce', { id: attr('id') })
/** The value of the definition of the same name. */
export type SceNotice = Infer<typeof SceNotice>
