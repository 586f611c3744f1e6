import type { InboundMessage, SendHandle } from '@couplet/client'
import type { Jid, MessageInit, XmlElement } from '@couplet/stanza'
import { claimedOccupantId, type Occupant } from './occupants.js'
import type { Room } from './room.js'

/** What the room's own knowledge says about a message. @internal */
export interface RoomMessageFacts {
  readonly isOwn: boolean
  readonly isHistory: boolean
  readonly stamp: Date
}

/** What somebody has said in a room, to all or to us alone. */
export class RoomMessage {
  /** Where it was said. */
  readonly room: Room
  /** The message, for everything that has no property here. */
  readonly message: InboundMessage
  /** Who has said it, by the nickname of that time; `undefined` for the room itself. */
  readonly nick: string | undefined
  /**
   * Whether it is what we have sent with `room.send`, now that the room has passed it on: the id is one of ours, and it
   * comes from our own occupant. What another client of ours says under the same nickname is not.
   */
  readonly isOwn: boolean
  /** Whether it was said before we entered, or while we were away (XEP-0045 §7.2.13). */
  readonly isHistory: boolean
  /** When it was said; of history, as the room says. */
  readonly stamp: Date

  /** @internal */
  constructor(room: Room, message: InboundMessage, facts: RoomMessageFacts) {
    this.room = room
    this.message = message
    this.nick = message.from?.resource
    this.isOwn = facts.isOwn
    this.isHistory = facts.isHistory
    this.stamp = facts.stamp
  }

  /** The text. */
  get body(): string | undefined {
    return this.message.body
  }

  /** The id that its sender has given it. */
  get id(): string | undefined {
    return this.message.id
  }

  /** Whether it was said to us alone (XEP-0045 §7.5). */
  get isPrivate(): boolean {
    return this.message.type !== 'groupchat'
  }

  /** Who has said it whatever they are called, if the room assigns identifiers (XEP-0421 §3). */
  get occupantId(): string | undefined {
    return this.room.assignsOccupantIds ? claimedOccupantId(this.message) : undefined
  }

  /** Who has this nickname now. Of history it may be somebody else. */
  get occupant(): Occupant | undefined {
    return this.nick === undefined ? undefined : this.room.occupants.get(this.nick)
  }

  /** Answers: to all what was said to all, to one what was said to us alone. */
  reply(content: string | Omit<MessageInit, 'to' | 'type'>, ...payloads: readonly XmlElement[]): SendHandle {
    if (this.isPrivate && this.nick !== undefined) return this.room.sendPrivate(this.nick, content, ...payloads)
    return this.room.send(content, ...payloads)
  }
}

/** What a room is about, and who says so. */
export interface SubjectChange {
  /** The subject; `''` if there is none any more. */
  readonly subject: string
  /** The nickname of who has set it, if the room tells. */
  readonly nick: string | undefined
  /** When, if it was set before we entered. */
  readonly stamp: Date
  /** Who has set it, as an address. */
  readonly from: Jid
}
