import type { CallOptions, InboundMessage, Plugin, PluginContext } from '@couplet/client'
import { type FullJid, Jid, type Message, type Presence } from '@couplet/stanza'
import { until } from './deferred.js'
import { type MucHistory, MucUser, NS_DIRECT_INVITATION, NS_MUC } from './elements.js'
import { Entry, type RoomAvailability } from './entry.js'
import { listenForInvitations, type OnInvitation } from './invitations.js'
import { Pace } from './pace.js'
import { Room } from './room.js'
import { RoomCore } from './room-core.js'
import { RoomError } from './room-error.js'
import { RoomInbox } from './room-inbox.js'
import { askRoom, type RoomInfo } from './room-info.js'
import { RoomPresence } from './room-presence.js'
import type { RoomFieldValues, RoomSettings } from './room-settings.js'

/** Milliseconds for a room to let us in. */
const joinLimit = 60_000

/** Options of {@link Muc.join}. */
export interface JoinOptions extends CallOptions {
  /** What to be called there; default the resource of the address, else the name of the account. */
  readonly nick?: string | undefined
  /** The password of the room. It is kept in memory, for coming back. */
  readonly password?: string | undefined
  /**
   * How much of what was said before is wanted; default nothing, so that no bot answers yesterday's questions. What is
   * missed later is always asked for.
   */
  readonly history?: MucHistory | undefined
  /** How available we are there. */
  readonly availability?: RoomAvailability | undefined
  /**
   * Whether a room that does not exist is made, with the settings it comes with; default true, as in XEP-0045 §10.1. With
   * `false` such a room is left again, which ends it, and `join` rejects with a `RoomError` `no-room`.
   */
  readonly create?: boolean | undefined
  /** Milliseconds for the room to answer; default a minute. */
  readonly timeout?: number | undefined
}

/** Options of {@link Muc.create}. */
export interface CreateOptions extends Omit<JoinOptions, 'create' | 'history'> {
  /** How the room is to be; default as the server makes them. */
  readonly settings?: RoomSettings | undefined
  /** Settings of the server's own, by field name. */
  readonly fields?: RoomFieldValues | undefined
}

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
   * somebody by their own address. What an occupant says to us alone looks like the message of a contact, and is not:
   * `from.bare` is the room.
   */
  kindOf(message: Message): RoomKind | undefined
}

/** A room, and those who work for it. */
interface Member {
  readonly room: Room
  readonly core: RoomCore
  readonly entry: Entry
  readonly presence: RoomPresence
  readonly inbox: RoomInbox
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

class Rooms implements Muc {
  readonly rooms = new Map<string, Room>()
  readonly onInvitation: OnInvitation
  readonly #context: PluginContext
  readonly #members = new Map<string, Member>()
  readonly #pace = new Pace<Entry>((entry) => entry.ask())

  constructor(context: PluginContext) {
    this.#context = context
    this.onInvitation = listenForInvitations(context, (room) => this.rooms.get(room.toString())?.state === 'joined')
    // Whole stanzas, not payloads: what comes from a room is for `client.onMessage` as well.
    context.onMessage((message) => this.#memberOf(message)?.inbox.take(message))
    context.onPresence((presence) => this.#memberOf(presence)?.presence.take(presence))
    context.onSession(() => {
      this.#pace.clear()
      for (const { entry } of this.#members.values()) entry.renew()
    }, 'rooms')
    context.onResume(() => {
      for (const { entry } of this.#members.values()) entry.resumed()
    })
    context.subscription(() => this.#close())
    context.signal.addEventListener('abort', () => this.#close(), { once: true })
  }

  async join(jid: Jid | string, options: JoinOptions = {}): Promise<Room> {
    const occupant = this.#occupant(jid, options.nick)
    const key = occupant.bare.toString()
    const leaving = this.#members.get(key)?.entry.leaving
    if (leaving !== undefined) await leaving
    const known = this.#members.get(key)
    const { room, entry } = known ?? this.#enter(occupant, options)
    try {
      const { timeout = joinLimit, signal } = options
      await until(entry.entered, timeout, [signal, this.#context.signal], () => new RoomError('timeout'))
    } catch (error) {
      // Not for those who wait for the same room.
      if (known === undefined) void room.leave()
      throw error
    }
    if (known === undefined && room.isNew) await this.#open(room, options)
    return room
  }

  async create(jid: Jid | string, options: CreateOptions = {}): Promise<Room> {
    const { settings = {}, fields, signal, ...rest } = options
    const occupant = this.#occupant(jid, options.nick)
    if (this.#members.has(occupant.bare.toString())) throw new RoomError('exists')
    const { room, entry } = this.#enter(occupant, rest)
    try {
      const { timeout = joinLimit } = options
      await until(entry.entered, timeout, [signal, this.#context.signal], () => new RoomError('timeout'))
      if (!room.isNew) throw new RoomError('exists')
      const isReserved = Object.keys(settings).length > 0 || fields !== undefined
      await (isReserved ? room.configure(settings, fields, { signal }) : room.acceptDefaults({ signal }))
      entry.learn()
    } catch (error) {
      void room.leave() // a room that is still locked ends with that (XEP-0045 §10.1.3)
      throw error
    }
    return room
  }

  info(jid: Jid | string, options?: CallOptions): Promise<RoomInfo> {
    return askRoom(this.#context, parse(jid).bare, options)
  }

  roomOf(stanza: Message | Presence): Room | undefined {
    return this.#memberOf(stanza)?.room
  }

  kindOf(message: Message): RoomKind | undefined {
    if (message.type === 'groupchat') return 'groupchat'
    const other = message.from?.bare.equals(this.#context.account) ? message.to : message.from
    if (other?.resource === undefined) return undefined
    const user = message.get(MucUser)
    // From a room that only another client of ours is in, the mark is all there is to see.
    const isMarked = user !== undefined && user.invites.length === 0
    return isMarked || this.#members.has(other.bare.toString()) ? 'private' : undefined
  }

  #memberOf({ from }: Message | Presence | InboundMessage): Member | undefined {
    return from === undefined || this.#members.size === 0 ? undefined : this.#members.get(from.bare.toString())
  }

  #occupant(room: Jid | string, nick: string | undefined): FullJid {
    const jid = parse(room)
    if (jid.local === undefined) throw new RangeError('the address of a room has a part before the @')
    return jid.withResource(nick ?? jid.resource ?? this.#context.account.local ?? 'guest')
  }

  #enter(occupant: FullJid, options: JoinOptions): Member {
    const context = this.#context
    const key = occupant.bare.toString()
    const core = new RoomCore(context, occupant)
    const { password, history = { maxChars: 0 }, availability = {} } = options
    const entry: Entry = new Entry(
      context,
      core,
      { password, history, availability },
      {
        queue: () => this.#pace.add(entry),
        ended: () => this.#forget(key, entry),
      },
    )
    const presence = new RoomPresence(core, entry)
    const room = new Room(context, core, entry, presence)
    const member = { room, core, entry, presence, inbox: new RoomInbox(context, core, entry, room) }
    this.#members.set(key, member)
    this.rooms.set(key, room)
    entry.ask()
    return member
  }

  /** XEP-0045 §10.1.2: nobody else can enter before the room is told how to be. */
  async #open(room: Room, { create = true, signal }: JoinOptions): Promise<void> {
    if (!create) {
      await room.leave()
      throw new RoomError('no-room')
    }
    await room.acceptDefaults({ signal }).catch(() => {}) // not every service locks, nor every one knows the question
    this.#members.get(room.jid.toString())?.entry.learn()
  }

  #forget(key: string, entry: Entry): void {
    this.#pace.delete(entry)
    if (this.#members.get(key)?.entry !== entry) return
    this.#members.delete(key)
    this.rooms.delete(key)
  }

  #close(): void {
    this.#pace.clear()
    for (const { entry, core } of this.#members.values()) {
      entry.close()
      core.heldSends.fail(this.#context.signal.reason)
    }
  }
}

const parse = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)
