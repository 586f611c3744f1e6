import type { CallOptions, Plugin } from '@couplet/client'
import type { Jid, Message, Presence } from '@couplet/stanza'
import { NS_DIRECT_INVITATION, NS_MUC } from './elements.js'
import type { CreateOptions, JoinOptions } from './entrance.js'
import type { OnInvitation } from './invitations.js'
import type { Room } from './room.js'
import type { RoomInfo } from './room-info.js'
import { Rooms } from './rooms.js'

/** What a stanza from a room is: for a conversation of all, of one with us alone, or for none. */
export type RoomKind = 'groupchat' | 'private'

/** What `client.muc` offers. */
export interface Muc {
  /** The rooms we are in, or on our way to, by address. */
  readonly rooms: ReadonlyMap<string, Room>
  /**
   * Enters a room (XEP-0045 §7.2); resolves when we are in. From then on we come back by ourselves, until we leave or are
   * put out. Somebody who is in already gets the same room.
   *
   * @throws StanzaError if the room does not let us in: `conflict` (the nickname), `not-authorized` (the password),
   * `registration-required` (members only), `forbidden` (banned), `service-unavailable` (full), `item-not-found` (locked)
   * @throws RoomError `timeout`, or `no-room`
   */
  join(room: Jid | string, options?: JoinOptions): Promise<Room>
  /**
   * Makes a room and enters it (XEP-0045 §10.1). If it cannot be configured as asked it is ended again.
   *
   * @throws RoomError `exists` if it is there already
   * @throws RangeError for a setting that the server does not offer
   */
  create(room: Jid | string, options?: CreateOptions): Promise<Room>
  /** What a room is, without entering it (XEP-0045 §6.4). @throws StanzaError `item-not-found` if there is none */
  info(room: Jid | string, options?: CallOptions): Promise<RoomInfo>
  /** Calls the handler with invitations, direct ones and those through a room. We never go by ourselves. */
  readonly onInvitation: OnInvitation
  /** The room that a stanza comes from; `undefined` if it comes from no room we are in. */
  roomOf(stanza: Message | Presence): Room | undefined
  /**
   * What a message from a room is, live, archived or as a copy of another client of ours; `undefined` if it comes from
   * somebody by their own address, and for what claims live to be said in a room we are not in. What an occupant says to us
   * alone looks like the message of a contact, and is not: `from.bare` is the room.
   */
  kindOf(message: Message): RoomKind | undefined
}

/** The plugin: rooms (XEP-0045), with self-ping (XEP-0410), occupant identifiers (XEP-0421) and invitations (XEP-0249). */
export function muc(): Plugin<'muc', Muc> {
  return {
    name: 'muc',
    features: [NS_MUC, NS_DIRECT_INVITATION],
    needs: {},
    setup: (context) => new Rooms(context),
  }
}
