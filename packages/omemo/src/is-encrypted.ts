import type { Message } from '@couplet/stanza'
import { LegacyEncrypted } from './legacy/elements.js'
import { Encrypted } from './omemo2/elements.js'

/**
 * Whether a message is encrypted, in either version: its body is for clients that cannot decrypt it, and not to be shown.
 * `client.onMessage` does not get such messages; `room.onMessage`, `carbons.onMessage` and pages of `mam` have them.
 */
export function isEncrypted({ element }: Message): boolean {
  return [...element.elements()].some((child) => Encrypted.matches(child) || LegacyEncrypted.matches(child))
}
