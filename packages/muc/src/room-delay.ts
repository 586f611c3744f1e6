import { Delay } from '@couplet/delay'
import type { BareJid, Message } from '@couplet/stanza'

/** Milliseconds: before there was XMPP, and by how much clocks may differ. */
const bounds = { earliest: Date.UTC(1999, 0, 1), ahead: 5 * 60_000 } as const

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
  const time = (by(room.toString()) ?? by(room.domain) ?? by(undefined))?.stamp.getTime()
  if (time === undefined) return undefined
  const isBelievable = time >= bounds.earliest && time <= Date.now() + bounds.ahead
  return { stamp: new Date(isBelievable ? time : Date.now()), isBefore: (other) => time <= other + bounds.ahead }
}
