import { attr, element, type Infer } from '@couplet/stanza'

/** The namespace of everything here (XEP-0084). */
export const NS_AVATAR = 'urn:xmpp:avatar:0'

/** Says that something happened to the stanza with this id (XEP-0084). */
export const AvatarNotice = element(NS_AVATAR, 'avatar', { id: attr('id') })
/** The value of the definition of the same name. */
export type AvatarNotice = Infer<typeof AvatarNotice>
