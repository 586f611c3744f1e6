import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0401). */
export const NS_INVITES = 'urn:xmpp:invites:0'

/** Says that something happened to the stanza with this id (XEP-0401). */
export const InvitesNotice = element(NS_INVITES, 'invites', { id: attr('id') })
/** The value of the definition of the same name. */
export type InvitesNotice = Infer<typeof InvitesNotice>
