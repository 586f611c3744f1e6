import type { Handled, InboundMessage, PluginContext, SendHandle, Subscription } from '@couplet/client'
import type { BareJid, Jid } from '@couplet/stanza'
import { DirectInvitation, MucUser } from './elements.js'
import { roomWord } from './room-presence.js'

/** Somebody wants us to come to a room. Nothing follows from it by itself. */
export interface Invitation {
  /** Which room. */
  readonly room: BareJid
  /**
   * `direct`: from whoever the stanza is from. `mediated`: from a room, or what calls itself one, which says on whose
   * behalf; nobody vouches for either.
   */
  readonly kind: 'direct' | 'mediated'
  /** Who invites, according to {@link kind}; an occupant's address where the room hides who they are. */
  readonly from: Jid | undefined
  /** Why. */
  readonly reason: string | undefined
  /** The password, if one is needed and they tell. */
  readonly password: string | undefined
  /** Whether the room continues a conversation of two, and of which thread. */
  readonly continues: string | boolean
  /** The stanza. */
  readonly message: InboundMessage
  /** Says that we do not come, and why; nothing is sent for a direct invitation, which has no answer (XEP-0249 §2). */
  decline(reason?: string): SendHandle | undefined
}

/** Listens for invitations; see `client.muc.onInvitation`. */
export type OnInvitation = (handler: (invitation: Invitation) => Handled) => Subscription

/** Listens for both kinds; those to rooms we are in are left out (XEP-0249 §4). */
export function listenForInvitations(context: PluginContext, isInside: (room: BareJid) => boolean): OnInvitation {
  const invited = context.event<[Invitation]>()
  const tell = (invitation: Invitation | undefined): void => {
    if (invitation !== undefined && !isInside(invitation.room)) invited.emit(invitation)
  }
  context.onMessage(DirectInvitation, (value, received) => tell(direct(value, received)), { from: 'anyone' })
  context.onMessage(MucUser, (_value, received) => tell(mediated(received)), { from: 'anyone' })
  return (handler) => invited.on(handler)
}

function direct(value: DirectInvitation, received: InboundMessage): Invitation | undefined {
  const { from } = received
  // In a room, or by its occupants, it is not one from a contact to another; without a local part it is no room.
  if (received.type === 'groupchat' || value.jid.local === undefined) return undefined
  return {
    room: value.jid.bare,
    kind: 'direct',
    from,
    reason: value.reason,
    password: value.password,
    continues: value.thread ?? value.continue ?? false,
    message: received,
    decline: () => undefined,
  }
}

function mediated(received: InboundMessage): Invitation | undefined {
  const room = received.from
  const user = roomWord(received)
  const invite = user?.invites[0]
  // Only a room speaks without a resource; an occupant of one could write the same into a private message.
  if (room === undefined || !room.isBare() || room.local === undefined || invite === undefined) return undefined
  if (received.type === 'groupchat') return undefined
  const { from: inviter } = invite
  return {
    room: room.bare,
    kind: 'mediated',
    from: inviter,
    reason: invite.reason,
    password: user?.password,
    continues: invite.continue === undefined ? false : (invite.continue.thread ?? true),
    message: received,
    decline: (reason) =>
      received.reply(
        { type: 'normal', thread: undefined },
        MucUser({ decline: { to: inviter, reason }, invites: [], items: [], statuses: [] }),
      ),
  }
}
