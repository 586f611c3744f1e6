import type { Jid, Message } from '@couplet/stanza'
import { Forwarded } from './elements.js'

/** A message that someone has forwarded to us. */
export interface Forward {
  /** Who has forwarded it, and could have made it up. `undefined` for the own account. */
  readonly by: Jid | undefined
  /** What it is said to be. Its addresses are as the forwarder wrote them. */
  readonly message: Message
  /** When the forwarder says that it was received. */
  readonly stamp: Date | undefined
}

/**
 * The message that a user forwards with this one (XEP-0297 §3), for showing as forwarded by someone and never as a
 * message of its sender (§7.1). `undefined` without exactly one, for errors, and for stanzas that are no messages; what is
 * forwarded as part of another protocol, such as message archives, is not found here.
 */
export function forwardOf(message: Message): Forward | undefined {
  if (message.type === 'error') return undefined
  const [only, ...more] = [...message.element.elements()].filter(Forwarded.matches)
  if (only === undefined || more.length > 0) return undefined
  const value = message.get(Forwarded)
  if (value?.message === undefined || value.presence !== undefined || value.iq !== undefined) return undefined
  return { by: message.from, message: value.message, stamp: value.delay?.stamp }
}
