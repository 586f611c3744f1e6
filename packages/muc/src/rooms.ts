import type { CallOptions, InboundMessage, PluginContext } from '@couplet/client'
import { type FullJid, Jid, type Message, type Presence } from '@couplet/stanza'
import { Admission } from './admission.js'
import { MucUser } from './elements.js'
import { type CreateOptions, configure, type EntranceOptions, hasWishes, type JoinOptions } from './entrance.js'
import { Entry } from './entry.js'
import { InheritedRooms } from './inherited-rooms.js'
import { listenForInvitations, type OnInvitation } from './invitations.js'
import type { Muc, RoomKind } from './muc.js'
import { Pace } from './pace.js'
import { Room } from './room.js'
import { RoomCore } from './room-core.js'
import { RoomError } from './room-error.js'
import { RoomInbox } from './room-inbox.js'
import { askRoom, type RoomInfo } from './room-info.js'
import { RoomPresence } from './room-presence.js'
import { type Nicks, RoomRecord } from './room-record.js'

/** A room, and those who work for it. */
interface Member {
  readonly room: Room
  readonly core: RoomCore
  readonly entry: Entry
  readonly presence: RoomPresence
  readonly inbox: RoomInbox
  readonly admission: Admission
}

/** What the plugin does: the rooms of a client. */
export class Rooms implements Muc {
  readonly rooms = new Map<string, Room>()
  readonly onInvitation: OnInvitation
  readonly #context: PluginContext
  readonly #members = new Map<string, Member>()
  readonly #pace = new Pace<Entry>((entry) => entry.ask())
  readonly #inherited: InheritedRooms
  readonly #record: RoomRecord
  /** To rooms that we have left while there was no connection: only a session that goes on is still in them. */
  readonly #farewells: Presence[] = []

  constructor(context: PluginContext) {
    this.#context = context
    this.#record = new RoomRecord(context, () => this.#nicks())
    this.#inherited = new InheritedRooms(
      (farewell) => (context.isOnline ? void context.send(farewell) : void this.#farewells.push(farewell)),
      () => this.#record.changed(),
    )
    this.onInvitation = listenForInvitations(context, (room) => this.rooms.get(room.toString())?.state === 'joined')
    // Whole stanzas, not payloads: what comes from a room is for `client.onMessage` as well.
    context.onMessage((message) => (this.#memberOf(message)?.inbox ?? this.#inherited).take(message))
    // S-140: nobody but a room that we are in, or on our way into, has anything to say to all.
    context.refuse((message) => message.type === 'groupchat' && !isCopy(message) && !this.#knows(message))
    context.onPresence((stanza) => (this.#memberOf(stanza)?.presence ?? this.#inherited.presence).take(stanza))
    // Before anybody can know that there is a new session, and enter a room in it.
    context.onSession((isResumed) => {
      this.#pace.clear()
      this.#farewells.length = 0
      this.#inherited.forget()
      for (const { entry } of this.#members.values()) entry.forget()
      if (isResumed) return this.#inherit()
      this.#record.changed()
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
      // Before there is a stream: what was said in rooms comes as soon as the session goes on.
      if (state === 'connecting' && context.jid.isBare()) void this.#record.read()
      if (state === 'offline') this.#inherited.forget()
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
      this.#members.get(key) ?? this.#enter(occupant, options, (member) => this.#prepare(member, options))
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
    if (this.#members.has(key) || this.#inherited.nicks.has(key)) throw new RoomError('exists')
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
    if (message.type === 'groupchat') return isCopy(message) || this.#knows(message) ? 'groupchat' : undefined
    const other = message.from?.bare.equals(this.#context.account) ? message.to : message.from
    if (other?.resource === undefined) return undefined
    const user = message.get(MucUser)
    // From a room that only another client of ours is in, the mark is all there is to see.
    const isMarked = user !== undefined && user.invites.length === 0
    return isMarked || this.#knows({ from: other }) ? 'private' : undefined
  }

  /** Whether somebody's room has us, or is about to. */
  #knows(stanza: Pick<Message, 'from'>): boolean {
    return this.#memberOf(stanza) !== undefined || this.#inherited.has(stanza)
  }

  /** What we are called in the rooms that have us. */
  #nicks(): Nicks {
    const own = [...this.#members].flatMap(([room, { core }]) => (core.isInside ? [[room, core.nick] as const] : []))
    return new Map([...this.#inherited.nicks, ...own])
  }

  /** The session is one that an earlier process has begun: we are in its rooms. */
  #inherit(): Promise<void> | undefined {
    const { rooms } = this.#record
    // Read since the connection was begun, it is seldom late; meanwhile no room counts as ours.
    if (rooms === undefined) return this.#record.read().then(() => this.#inherit())
    const unknown = new Map(rooms)
    for (const [room, nick] of rooms) {
      const member = this.#members.get(room)
      if (member === undefined) continue
      unknown.delete(room)
      member.core.inherit(nick)
    }
    this.#inherited.begin(unknown)
    return undefined
  }

  #memberOf({ from }: Pick<Message, 'from'>): Member | undefined {
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
    const core = new RoomCore(context, occupant, () => this.#record.changed())
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
    const inherited = this.#inherited.claim(key)
    if (inherited?.isInside) core.inherit(inherited.nick)
    for (const message of inherited?.messages ?? []) inbox.take(message)
    entry.ask()
    return member
  }

  /** We are in: what is to be done before anybody has the room. */
  async #prepare(member: Member, options: JoinOptions): Promise<void> {
    const { room, core } = member
    const { wished } = core
    core.wished = undefined
    if (room.isNew) await this.#open(member, options)
    // Not on entering: some rooms say nothing of who is there when somebody who is in comes by another name.
    if (wished !== undefined && wished !== room.nick) await room.changeNick(wished)
  }

  /** XEP-0045 §10.1.2: nobody else can enter before the room is told how to be. */
  async #open({ room, entry }: Member, { create = true }: JoinOptions): Promise<void> {
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
    this.#inherited.close()
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
