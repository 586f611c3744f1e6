/**
 * XEP-0084: User Avatar (1.1.4).
 *
 * @module
 */

export { type Avatar, avatar } from './avatar.js'
export { AvatarNotice, NS_AVATAR } from './elements.js'
