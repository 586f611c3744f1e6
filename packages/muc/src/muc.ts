import type { CallOptions, InboundMessage, Plugin, PluginContext } from '@couplet/client'
import { type FullJid, Jid, type Message, type Presence } from '@couplet/stanza'
import { Admission } from './admission.js'
import { MucUser, NS_DIRECT_INVITATION, NS_MUC } from './elements.js'
import { type CreateOptions, configure, type EntranceOptions, hasWishes, type JoinOptions } from './entrance.js'
import { Entry } from './entry.js'
import { listenForInvitations, type OnInvitation } from './invitations.js'
import { Pace } from './pace.js'
import { Room } from './room.js'
import { RoomCore } from './room-core.js'
import { RoomError } from './room-error.js'
import { RoomInbox } from './room-inbox.js'
import { askRoom, type RoomInfo } from './room-info.js'
import { RoomPresence } from './room-presence.js'

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

/** A room, and those who work for it. */
interface Member {
  readonly room: Room
  readonly core: RoomCore
  readonly entry: Entry
  readonly presence: RoomPresence
  readonly inbox: RoomInbox
  readonly admission: Admission
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
  /** To rooms that we have left while there was no connection: only a session that goes on is still in them. */
  readonly #farewells: Presence[] = []

  constructor(context: PluginContext) {
    this.#context = context
    this.onInvitation = listenForInvitations(context, (room) => this.rooms.get(room.toString())?.state === 'joined')
    // Whole stanzas, not payloads: what comes from a room is for `client.onMessage` as well.
    context.onMessage((message) => this.#memberOf(message)?.inbox.take(message))
    // S-140: nobody but a room that we are in, or on our way into, has anything to say to all.
    context.refuse((message) => message.type === 'groupchat' && !isCopy(message) && !this.#memberOf(message))
    context.onPresence((presence) => this.#memberOf(presence)?.presence.take(presence))
    // Before anybody can know that there is a new session, and enter a room in it.
    context.onSession(() => {
      this.#pace.clear()
      this.#farewells.length = 0
      for (const { entry } of this.#members.values()) entry.forget()
    }, 'stream')
    context.onSession(() => {
      for (const { entry } of this.#members.values()) entry.renew()
    }, 'rooms')
    context.onResume(() => {
      for (const farewell of this.#farewells.splice(0)) context.send(farewell)
      for (const { entry } of this.#members.values()) entry.resumed()
    })
    context.on('undeliverable', ({ error, message }) => {
      // XEP-0045 §7.4, R-044: so it answers those whom it does not know.
      if (error.condition === 'not-acceptable' && message.from?.isBare()) this.#memberOf(message)?.entry.doubt()
    })
    context.on('status', ({ state }) => {
      for (const { core } of this.#members.values()) core.heldSends.isHopeless = state === 'offline'
    })
    context.subscription(() => this.#close())
    context.signal.addEventListener('abort', () => this.#close(), { once: true })
  }

  async join(jid: Jid | string, options: JoinOptions = {}): Promise<Room> {
    const occupant = this.#occupant(jid, options.nick)
    const key = occupant.bare.toString()
    const leaving = this.#members.get(key)?.entry.leaving
    if (leaving !== undefined) await leaving
    const { room, admission } =
      this.#members.get(key) ?? this.#enter(occupant, options, (member) => this.#open(member, options))
    const { timeout, signal } = options
    await admission.wait({ timeout, signals: [signal, this.#context.signal] })
    return room
  }

  async create(jid: Jid | string, options: CreateOptions = {}): Promise<Room> {
    const { timeout, signal } = options
    const occupant = this.#occupant(jid, options.nick)
    const key = occupant.bare.toString()
    const leaving = this.#members.get(key)?.entry.leaving
    if (leaving !== undefined) await leaving
    if (this.#members.has(key)) throw new RoomError('exists')
    const { room, entry, admission } = this.#enter(occupant, options)
    try {
      await admission.wait({ timeout, signals: [signal, this.#context.signal] })
      if (!room.isNew) throw new RoomError('exists')
      await configure(room, options, { signal })
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
    // S-140. Another client of ours may be in rooms that we are not in.
    if (message.type === 'groupchat') return isCopy(message) || this.#memberOf(message) ? 'groupchat' : undefined
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

  #enter(occupant: FullJid, options: EntranceOptions, prepare?: (member: Member) => Promise<void>): Member {
    const context = this.#context
    const key = occupant.bare.toString()
    const core = new RoomCore(context, occupant)
    const { password, history = { maxChars: 0 }, availability = {}, create = true } = options
    const entry: Entry = new Entry(
      context,
      core,
      { password, history, availability, create },
      {
        queue: () => this.#pace.add(entry),
        made: () => void this.#remake(member, options),
        whenResumed: (farewell) => void this.#farewells.push(farewell),
        ended: () => this.#forget(key, entry),
      },
    )
    const presence = new RoomPresence(core, entry)
    const room = new Room(context, core, entry)
    const inbox = new RoomInbox(context, core, entry, room)
    const admission = new Admission(room, entry, prepare && (() => prepare(member)))
    const member: Member = { room, core, entry, presence, inbox, admission }
    this.#members.set(key, member)
    this.rooms.set(key, room)
    entry.ask()
    return member
  }

  /** XEP-0045 §10.1.2: nobody else can enter before the room is told how to be. */
  async #open({ room, entry }: Member, { create = true }: JoinOptions): Promise<void> {
    if (!room.isNew) return
    if (!create) {
      await room.leave()
      throw new RoomError('no-room')
    }
    await room.acceptDefaults().catch(() => {}) // not every service locks, nor every one knows the question
    entry.learn()
  }

  /** By coming back we have made a room: it is opened as it was the first time. */
  async #remake({ room, core, entry }: Member, options: EntranceOptions): Promise<void> {
    core.events.emit({ type: 'recreated' })
    try {
      await configure(room, options)
    } catch (error) {
      if (core.state !== 'joined' || !this.#context.isOnline) return // the next session makes it again
      if (hasWishes(options)) {
        // As in `create`: better no room than one that is not as it was to be, such as open to all.
        this.#context.reportError(error)
        void room.leave()
        return
      }
    }
    entry.learn()
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

/** Whether a message is not from the stream itself; one that nobody received is not, either. */
const isCopy = (message: Message | InboundMessage): boolean =>
  !('provenance' in message) || message.provenance === 'archive' || message.provenance === 'carbon'

const parse = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)
