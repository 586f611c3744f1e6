import type { BareJid, Jid, Message, Presence } from '@couplet/stanza'
import { Delay } from './elements.js'

/** Before there was XMPP (XEP-0082 §2.1). */
const EARLIEST = Date.UTC(1999, 0, 1)
/** Milliseconds by which clocks may differ. */
export const clockTolerance = 5 * 60_000

/** Whether something can have been said then: not before 1999, nor more than five minutes ahead of now. */
export function isPlausible(stamp: Date, now: number = Date.now()): boolean {
  return stamp.getTime() >= EARLIEST && stamp.getTime() <= now + clockTolerance
}

/**
 * The first delay of a stanza that can be believed: by our account, our server, a room about its own messages, or without
 * a name; not from before 1999 nor more than five minutes ahead. Anyone can write a delay (XEP-0203 §5), so use it to show
 * a time, never to order messages. `undefined`: the time of arrival is the best there is.
 *
 * @param account the own account
 * @param now milliseconds since 1970
 */
export function trustedDelay(
  stanza: Message | Presence,
  account: BareJid,
  now: number = Date.now(),
): Delay | undefined {
  return stanza.all(Delay).find(({ from, stamp }) => mayDelay(from, stanza, account) && isPlausible(stamp, now))
}

function mayDelay(from: Jid | undefined, stanza: Message | Presence, account: BareJid): boolean {
  if (from === undefined || from.equals(account) || from.toString() === account.domain) return true
  const room = stanza.element.attr('type') === 'groupchat' ? stanza.from?.bare : undefined
  return room !== undefined && from.bare.equals(room)
}
