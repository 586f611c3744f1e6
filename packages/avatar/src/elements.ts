import { pepNode } from '@couplet/pep'
import {
  anyElement,
  attr,
  base64,
  children,
  childText,
  define,
  type ElementDef,
  element,
  type Field,
  type Infer,
  Malformed,
  marker,
  optional,
  uint,
  xml,
} from '@couplet/stanza'

/** The namespace of the image itself, and the node that has it (XEP-0084 §4.1). */
export const NS_AVATAR_DATA = 'urn:xmpp:avatar:data'
/** The namespace of what is said about it, and the node that says it (XEP-0084 §4.2). */
export const NS_AVATAR_METADATA = 'urn:xmpp:avatar:metadata'
/** The namespace of hashes in presence (XEP-0153 §3.1). */
export const NS_VCARD_UPDATE = 'vcard-temp:x:update'
/** The feature of accounts whose server keeps both kinds of avatars the same (XEP-0398 §2). */
export const NS_PEP_VCARD_CONVERSION = 'urn:xmpp:pep-vcard-conversion:0'

/** The image itself; its value is the bytes (XEP-0084 §4.1). */
export const AvatarData: ElementDef<Uint8Array> = define<Uint8Array>(
  NS_AVATAR_DATA,
  ['data'],
  (bytes) => xml(NS_AVATAR_DATA, 'data', {}, base64.encode(bytes)),
  (data) => base64.decode(data.text) ?? new Malformed('', `is not ${base64.expects}`),
)

/** One form of an image (XEP-0084 §4.2.1). */
export const AvatarInfo = element(NS_AVATAR_METADATA, 'info', {
  /** How long it is said to be. */
  bytes: attr('bytes', uint),
  /** Its height in pixels, as it is said to be. */
  height: optional(attr('height', uint)),
  /** SHA-1 of the bytes, in hexadecimal digits. */
  id: attr('id'),
  /** What it is said to be, such as `image/png`. */
  type: attr('type'),
  /** Where else it is: an address that somebody else has chosen, which is never fetched. */
  url: optional(attr('url')),
  /** Its width in pixels, as it is said to be. */
  width: optional(attr('width', uint)),
})
/** The value of the definition of the same name. */
export type AvatarInfo = Infer<typeof AvatarInfo>

/** An image that some other service has, which is not asked (XEP-0084 §4.2.2). */
export const AvatarPointer = element(NS_AVATAR_METADATA, 'pointer', {
  bytes: optional(attr('bytes', uint)),
  height: optional(attr('height', uint)),
  id: optional(attr('id')),
  type: optional(attr('type')),
  width: optional(attr('width', uint)),
  content: optional(anyElement()),
})
/** The value of the definition of the same name. */
export type AvatarPointer = Infer<typeof AvatarPointer>

/** Those that can be read: one broken entry of somebody's must not hide the good ones. */
const readable = <T>(def: ElementDef<T>): Field<readonly T[]> => ({
  ...children(def),
  parse: (metadata) => metadata.all(def),
})

/** Which avatar somebody has, in several forms; none at all is no avatar (XEP-0084 §4.2). */
export const AvatarMetadata = element(NS_AVATAR_METADATA, 'metadata', {
  infos: readable(AvatarInfo),
  pointers: readable(AvatarPointer),
})
/** The value of the definition of the same name. */
export type AvatarMetadata = Infer<typeof AvatarMetadata>

/** Which avatar somebody has, in their presence (XEP-0153 §3.1). */
export const VcardUpdate = element(NS_VCARD_UPDATE, 'x', {
  /** SHA-1 of the image in hexadecimal digits; empty for no image, absent if they do not say (§4.1). */
  photo: optional(childText('photo')),
})
/** The value of the definition of the same name. */
export type VcardUpdate = Infer<typeof VcardUpdate>

/** What marks the presence of an occupant of a room, and with it the room (XEP-0045 §7.2.2). */
export const RoomUser = marker('http://jabber.org/protocol/muc#user', 'x')
/** The value of the definition of the same name. */
export type RoomUser = Infer<typeof RoomUser>

/** The node with the image (XEP-0084 §3.1). */
export const AvatarDataNode = pepNode(AvatarData)
/** The node that says which image it is (XEP-0084 §3.2). */
export const AvatarMetadataNode = pepNode(AvatarMetadata)
