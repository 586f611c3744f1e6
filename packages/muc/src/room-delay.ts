import { clockTolerance, Delay, isPlausible } from '@couplet/delay'
import type { BareJid, Message } from '@couplet/stanza'

/** When a room says that something was said. */
export interface RoomDelay {
  /** Never from before XMPP, nor from the future: then it is now (S-128). */
  readonly stamp: Date
  /** Whether that is before a moment, as far as two clocks can tell. */
  isBefore(time: number): boolean
}

/**
 * The word of a room, or else of its service, about when something was said (XEP-0045 §7.2.13). A sender can write the
 * same into a message; what the room adds comes after that.
 */
export function roomDelay(message: Message, room: BareJid): RoomDelay | undefined {
  const delays = message.all(Delay)
  // Some rooms sign with the address of the occupant.
  const by = (name: string | undefined) => delays.findLast(({ from }) => from?.bare.toString() === name)
  const { stamp } = by(room.toString()) ?? by(room.domain) ?? by(undefined) ?? {}
  if (stamp === undefined) return undefined
  const isBefore = (time: number): boolean => stamp.getTime() <= time + clockTolerance
  return { stamp: isPlausible(stamp) ? stamp : new Date(), isBefore }
}
