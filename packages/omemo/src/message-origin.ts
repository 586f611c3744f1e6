import type { InboundMessage } from '@couplet/client'
import { type BareJid, Jid } from '@couplet/stanza'
import type { MessageOrigin } from './sessions/receive-task.js'

/** What a room says of a message: where it was said, and by whom. */
export interface RoomOrigin {
  readonly jid: Jid | string
  readonly from: Jid | undefined
}

/**
 * Who has sent a message to whom. In a chat the addresses say so, which servers have checked; in a room only the room knows
 * who has said something, so the stanza is not asked (OMEMO S7).
 */
export function originOf(message: InboundMessage, account: BareJid, room?: RoomOrigin): MessageOrigin {
  if (room !== undefined) {
    const jid = (typeof room.jid === 'string' ? Jid.parse(room.jid) : room.jid).bare
    return { from: room.from?.bare, to: jid, room: jid.toString() }
  }
  const from = (message.from ?? account).bare
  // A copy of what another device of ours has sent was meant for whom it names; all else is for us.
  const isOwn = from.equals(account)
  const to = isOwn ? (message.to ?? account).bare : account
  return { from, to, room: undefined }
}
