import type { Message } from '@couplet/stanza'

// On the message, not in a map of this file: two copies of the package in one process must see the same.
const brand = Symbol.for('couplet.vouched')

/**
 * Says what vouches for a message that was decrypted: the encryption and the key it came with, as one text. For those who
 * decrypt, about messages in which nothing is left that was outside of the encryption; nothing on the wire can say it.
 */
export function vouch(message: Message, by: string): void {
  Object.defineProperty(message, brand, { value: by, configurable: true })
}

/** What vouches for a message: equal for two that the same key has encrypted, `undefined` for what nobody has decrypted. */
export function vouchedBy(message: Message): string | undefined {
  return (message as { [brand]?: string })[brand]
}
