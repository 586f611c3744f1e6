/**
 * XEP-0401: Ad-hoc Account Invitation Generation (0.6.0).
 *
 * @module
 */

export { InvitesNotice, NS_INVITES } from './elements.js'
export { type Invites, invites } from './invites.js'
