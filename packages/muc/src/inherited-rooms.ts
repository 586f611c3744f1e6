import type { InboundMessage } from '@couplet/client'
import { type FullJid, Jid, type Message, type Presence, presence } from '@couplet/stanza'
import { roomWord } from './room-presence.js'
import type { Nicks } from './room-record.js'

/** Milliseconds for the application to ask for a room, and how many messages of one wait for that. */
const limits = { time: 5 * 60_000, messages: 1000 } as const

/** A room that an earlier process has entered in our session. */
export interface InheritedRoom {
  /** What we are called there. */
  readonly nick: string
  /** Whether the room still has us. */
  readonly isInside: boolean
  /** What was said there, and nobody has heard yet. */
  readonly messages: readonly InboundMessage[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Held = Omit<Mutable<InheritedRoom>, 'messages'> & { readonly messages: InboundMessage[] }

/**
 * The rooms in which an earlier process has left us. The server sends again what was said there, before the application
 * has asked for the room: it waits for that, five minutes.
 */
export class InheritedRooms {
  readonly #farewell: (presence: Presence) => void
  readonly #changed: () => void
  readonly #rooms = new Map<string, Held>()
  #timer: ReturnType<typeof setTimeout> | undefined

  /**
   * @param farewell told what to say to a room that nobody asks for
   * @param changed called when we are in another room, or not in one any more
   */
  constructor(farewell: (presence: Presence) => void, changed: () => void) {
    this.#farewell = farewell
    this.#changed = changed
  }

  /** The session is one that an earlier process has begun. */
  begin(nicks: Nicks): void {
    for (const [room, nick] of nicks) {
      const { messages = [] } = this.#rooms.get(room) ?? {}
      this.#rooms.set(room, { nick, isInside: true, messages })
    }
    clearTimeout(this.#timer)
    if (nicks.size > 0) this.#timer = setTimeout(() => this.#leave(), limits.time)
  }

  /** The session is another one, or there is none: what was said is still worth hearing. */
  forget(): void {
    clearTimeout(this.#timer)
    for (const room of this.#rooms.values()) room.isInside = false
  }

  /** Whether a stanza comes from a room that we are in and that nobody has asked for yet. */
  has({ from }: Pick<Message, 'from'>): boolean {
    return from !== undefined && this.#rooms.get(from.bare.toString())?.isInside === true
  }

  /** Those that we are in. */
  get nicks(): Nicks {
    return new Map([...this.#rooms].flatMap(([room, { nick, isInside }]) => (isInside ? [[room, nick]] : [])))
  }

  /** A message of such a room waits; of too many the oldest are dropped. */
  take(message: InboundMessage): void {
    const room = this.#of(message)
    if (room === undefined) return
    room.messages.push(message)
    if (room.messages.length > limits.messages) room.messages.shift()
  }

  /** Takes presences from such rooms. */
  readonly presence = { take: (received: Presence) => this.#takePresence(received) }

  /** Of ours: we have another nickname, or are out. */
  #takePresence(received: Presence): void {
    const room = this.#of(received)
    if (room === undefined || received.type !== 'unavailable' || received.from?.resource !== room.nick) return
    const { statuses = [], items: [item] = [] } = roomWord(received) ?? {}
    const isRenamed = statuses.includes(303) && item?.nick !== undefined
    const other = isRenamed ? Jid.tryParse(`${received.from.bare}/${item.nick}`)?.resource : undefined
    if (other === undefined) room.isInside = false
    else room.nick = other
    this.#changed()
  }

  /** Somebody asks for the room. */
  claim(room: string): InheritedRoom | undefined {
    const held = this.#rooms.get(room)
    this.#rooms.delete(room)
    return held
  }

  /** The client closes. */
  close(): void {
    clearTimeout(this.#timer)
    this.#rooms.clear()
  }

  #of({ from }: Message | Presence): Held | undefined {
    const room = this.#rooms.size === 0 || from === undefined ? undefined : this.#rooms.get(from.bare.toString())
    return room?.isInside ? room : undefined
  }

  #leave(): void {
    for (const [room, nick] of this.nicks) {
      const to = Jid.parse(room).withResource(nick) as FullJid
      this.#farewell(presence({ type: 'unavailable', to }))
    }
    this.#rooms.clear()
    this.#changed()
  }
}
