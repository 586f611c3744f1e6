/**
 * XEP-0084: User Avatar (1.1.4), XEP-0153: vCard-Based Avatars (1.1.1), and XEP-0398: User Avatar to vCard-Based Avatars
 * Conversion (1.0.0).
 *
 * @module
 */

export { type Avatar, type AvatarChange, type AvatarPublishOptions, avatar } from './avatar.js'
export { AvatarError, type AvatarErrorCode } from './avatar-error.js'
export { type AvatarImage, avatarLimits } from './avatar-image.js'
export {
  AvatarData,
  AvatarDataNode,
  AvatarInfo,
  AvatarMetadata,
  AvatarMetadataNode,
  AvatarPointer,
  NS_AVATAR_DATA,
  NS_AVATAR_METADATA,
  NS_PEP_VCARD_CONVERSION,
  NS_VCARD_UPDATE,
  VcardUpdate,
} from './elements.js'
export type { AvatarType } from './image-header.js'
