import { type BareJid, type Jid, type Message, message, type XmlElement } from '@couplet/stanza'
import { DirectInvitation, MucUser } from './elements.js'

/** Options of inviting somebody. */
export interface InvitationOptions {
  /** Why, for people. */
  readonly reason?: string | undefined
  /**
   * Whether it goes from us to them, not through the room (XEP-0249). It then reaches those who take nothing from
   * strangers; a room for members lets nobody in because of it.
   */
  readonly direct?: boolean | undefined
  /** The password of the room, for a direct one; through the room, the room adds it. */
  readonly password?: string | undefined
  /** The room continues a conversation of two: its thread, or `true` if it has none (XEP-0045 §7.9). */
  readonly continues?: string | true | undefined
}

/** An invitation, mediated (XEP-0045 §7.8.2) or direct (XEP-0249 §2). */
export function invitationTo(room: BareJid, invitee: Jid, options: InvitationOptions): Message {
  const { reason, direct = false, password, continues } = options
  const thread = continues === true ? undefined : continues
  if (direct) {
    const isContinued = continues === undefined ? undefined : true
    return message({ to: invitee }, DirectInvitation({ jid: room, password, reason, thread, continue: isContinued }))
  }
  const invite = { to: invitee.bare, reason, continue: continues === undefined ? undefined : { thread } }
  return message({ to: room }, MucUser({ invites: [invite], items: [], statuses: [] }))
}

/** What marks a private message, so that other clients of ours know a copy of it for one (XEP-0045 §7.5). */
export const privateMark = (): XmlElement => MucUser({ invites: [], items: [], statuses: [] })
