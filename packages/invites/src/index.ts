/**
 * XEP-0401: Ad-hoc Account Invitation Generation (0.6.0), XEP-0379: Pre-Authenticated Roster Subscription (0.3.3),
 * XEP-0445: Pre-Authenticated In-Band Registration (0.2.0), and the URIs of XEP-0147: XMPP URI Scheme Query Components (1.2).
 *
 * @module
 */

export {
  CREATE_ACCOUNT_COMMAND,
  INVITE_COMMAND,
  NS_IBR_TOKEN,
  NS_PARS,
  Preauth,
  PreauthFeature,
  submitPreauth,
} from './elements.js'
export { InviteError, type InviteErrorCode } from './invite-error.js'
export { InviteLink, IssuedInvitation, parseInvitation } from './invite-link.js'
export { type AccountInviteOptions, type ContactInviteOptions, type Invites, invites } from './invites.js'
export { presentToken } from './present-token.js'
export type { Redemption } from './subscriptions.js'
export { formatXmppUri, parseXmppUri, type XmppUri } from './xmpp-uri.js'
