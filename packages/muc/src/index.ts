/**
 * XEP-0045: Multi-User Chat (1.35.5), XEP-0249: Direct MUC Invitations (1.2), XEP-0410: MUC Self-Ping (1.1.0), XEP-0421:
 * Occupant identifiers for semi-anonymous MUCs (1.0.1).
 *
 * @module
 */

export {
  type Affiliation,
  DirectInvitation,
  getAdmin,
  getOwner,
  getRegistration,
  MucAdmin,
  MucAdminItem,
  MucDecline,
  MucDestroy,
  MucDestroyed,
  MucHistory,
  MucInvite,
  MucItem,
  MucJoin,
  MucOwner,
  MucStatus,
  MucUser,
  NS_DIRECT_INVITATION,
  NS_MUC,
  NS_MUC_ADMIN,
  NS_MUC_CONFIG,
  NS_MUC_INFO,
  NS_MUC_OWNER,
  NS_MUC_REQUEST,
  NS_MUC_USER,
  NS_OCCUPANT_ID,
  NS_REGISTER,
  NS_SELF_PING,
  OccupantId,
  type Role,
  RoomInfoForm,
  RoomRegistration,
  setAdmin,
  setOwner,
  setRegistration,
  VoiceRequest,
} from './elements.js'
export type { CreateOptions, JoinOptions } from './entrance.js'
export type { RoomAvailability } from './entry.js'
export type { InvitationOptions } from './invitation-stanza.js'
export type { Invitation, OnInvitation } from './invitations.js'
export { type Muc, muc, type RoomKind } from './muc.js'
export type { Occupant, OccupantChange } from './occupants.js'
export { Room, type RoomContent } from './room.js'
export { type DestroyOptions, type ReasonOptions, RoomAdmin } from './room-admin.js'
export type { RoomState } from './room-core.js'
export { RoomError, type RoomErrorCode } from './room-error.js'
export type { RoomAnonymity, RoomEnd, RoomEvent } from './room-event.js'
export type { RoomInfo } from './room-info.js'
export { RoomMessage, type SubjectChange } from './room-message.js'
export type { RoomConfiguration, RoomFieldValues, RoomSettings } from './room-settings.js'
