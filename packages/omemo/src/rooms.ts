import type { CallOptions, Handled, InboundMessage, SendHandle, Subscription } from '@couplet/client'
import { MucUser } from '@couplet/muc'
import type { BareJid, Jid, Message, XmlElement } from '@couplet/stanza'
import { originOf } from './message-origin.js'
import { OmemoError } from './omemo-error.js'
import type { MessageOrigin } from './sessions/receive-task.js'

/** Somebody in a room. */
export interface RoomOccupant {
  /** The real address, if we may see it. */
  readonly jid: Jid | undefined
  /** As in XEP-0045 §5.2. */
  readonly affiliation: string
}

/** As much of a room as is needed here. */
export interface RoomSource {
  /** Its address. */
  readonly jid: BareJid
  /** Who sees real addresses; `none`: all do. */
  readonly anonymity: string | undefined
  /** Who is there, by nickname. */
  readonly occupants: ReadonlyMap<string, RoomOccupant>
  /** Who has an affiliation. */
  withAffiliation(
    affiliation: 'owner' | 'admin' | 'member' | 'outcast',
    options?: CallOptions,
  ): Promise<readonly { readonly jid?: Jid | undefined }[]>
  /** Calls the handler when somebody comes, goes or changes. */
  onOccupant(handler: (change: { readonly type: string; readonly occupant: RoomOccupant }) => Handled): Subscription
  /** Calls the handler with what happens to the room. */
  onEvent(handler: (event: { readonly type: string }) => Handled): Subscription
  /** Says something to all. */
  send(
    content: { readonly id: string; readonly body?: string | undefined },
    ...payloads: readonly XmlElement[]
  ): SendHandle
}

/** As much of the rooms of a client as is needed here. */
export interface MucSource {
  /** The rooms we are in, by address. */
  readonly rooms: ReadonlyMap<string, RoomSource>
  /** The room that a stanza comes from. */
  roomOf(stanza: Message): RoomSource | undefined
  /** Whether a room says it to all, or somebody in it to us alone. */
  kindOf(message: Message): 'groupchat' | 'private' | undefined
  /** What a room is. */
  info(room: Jid, options?: CallOptions): Promise<{ readonly isNonAnonymous: boolean }>
}

/** Who reads along in a room. */
export interface RoomAudience {
  readonly room: RoomSource
  /** Bare JIDs, without ours. */
  readonly members: readonly string[]
  /** Whether somebody is one of them at this moment. */
  isMember(jid: string): boolean
}

const readers = ['owner', 'admin', 'member'] as const

/** What is known of a room, until something happens there. */
interface Known {
  readonly members: Set<string>
  readonly banned: Set<string>
}

/** Rooms: who reads along, and who has said something. Only the room is asked for that, never a stanza (OMEMO S7). */
export class OmemoRooms {
  readonly #account: () => BareJid
  readonly #known = new Map<string, Promise<Known>>()
  readonly #watched = new WeakMap<RoomSource, Watch>()
  #muc: MucSource | undefined

  constructor(account: () => BareJid) {
    this.#account = account
  }

  /** Uses the rooms of a client; returns what ends that. */
  use(muc: MucSource): () => void {
    this.#muc = muc
    return () => {
      this.#muc = undefined
      this.#known.clear()
    }
  }

  /** The room with this address, if we are in it. */
  find(jid: Jid): RoomSource | undefined {
    return this.#muc?.rooms.get(jid.bare.toString())
  }

  /** Something was said by a room itself: perhaps that somebody is no member any more. */
  notice({ from }: InboundMessage): void {
    if (from?.isBare()) this.#known.delete(from.toString())
  }

  /** A new session begins: nobody has told us what happened meanwhile. */
  forget(): void {
    this.#known.clear()
  }

  /**
   * Who reads along, whether they are there or not (XEP-0384 §5.8.1).
   *
   * @throws OmemoError `room-not-suitable` if members cannot know each other
   */
  async audience(room: RoomSource, options: CallOptions = {}): Promise<RoomAudience> {
    await this.#checkSuitable(room, options)
    const watch = this.#watch(room)
    const since = watch.changes
    const known = await this.#knownOf(room, options)
    const account = this.#account().toString()
    const present = [...room.occupants.values()].flatMap(({ jid }) => (jid === undefined ? [] : [jid.bare.toString()]))
    const members = [...new Set([...known.members, ...present])].filter(
      (jid) => jid !== account && !known.banned.has(jid),
    )
    return { room, members, isMember: (jid) => jid === account || (watch.removed.get(jid) ?? 0) <= since }
  }

  /**
   * The account of somebody in a room whom an address names; `undefined` if it is none of a room we are in.
   *
   * @throws OmemoError `room-not-suitable` if they could not know who has written to them
   * @throws TypeError if nobody there is called so
   */
  async occupant(address: Jid, options: CallOptions = {}): Promise<BareJid | undefined> {
    const room = this.find(address)
    if (room === undefined || address.resource === undefined) return undefined
    await this.#checkSuitable(room, options)
    const account = this.#accountOf(address)
    if (account === undefined) throw new TypeError('write to the account of somebody in a room')
    return account
  }

  /**
   * Where a message comes from, by what a room says of its occupants, also as a copy or out of an archive; `undefined` if it
   * comes from no room. What a room says that we are not in comes from nobody.
   */
  originOf(message: InboundMessage): MessageOrigin | undefined {
    const account = this.#account()
    const isOwn = message.from?.bare.equals(account) !== false
    const other = isOwn ? message.to : message.from
    const kind = message.type === 'groupchat' ? message.type : this.#muc?.kindOf(message)
    if (other === undefined || kind === undefined) return undefined
    const occupant = this.#accountOf(other)
    if (kind === 'groupchat') return originOf(message, account, { jid: other.bare, from: occupant })
    if (isOwn) return { from: account, to: occupant ?? other.bare, room: undefined }
    return { from: occupant, to: account, room: undefined }
  }

  #accountOf(address: Jid): BareJid | undefined {
    return this.find(address)?.occupants.get(address.resource ?? '')?.jid?.bare
  }

  async #checkSuitable(room: RoomSource, options: CallOptions): Promise<void> {
    if (room.anonymity === 'none') return
    const info = room.anonymity === undefined ? await this.#muc?.info(room.jid, options) : undefined
    if (info?.isNonAnonymous !== true) throw new OmemoError('room-not-suitable')
  }

  async #knownOf(room: RoomSource, options: CallOptions): Promise<Known> {
    const key = room.jid.toString()
    const running = this.#known.get(key)
    if (running !== undefined) return running
    const asked = ask(room, options)
    this.#known.set(key, asked)
    // What went wrong once is asked again.
    asked.catch(() => this.#known.delete(key))
    return asked
  }

  #watch(room: RoomSource): Watch {
    const watched = this.#watched.get(room)
    if (watched !== undefined) return watched
    const watch: Watch = { changes: 0, removed: new Map() }
    this.#watched.set(room, watch)
    room.onOccupant(({ type, occupant: { jid, affiliation } }) => {
      this.#known.delete(room.jid.toString())
      const name = jid?.bare.toString()
      if (name === undefined) return
      watch.changes++
      const isOut = affiliation === 'outcast' || (affiliation === 'none' && !here.includes(type))
      if (isOut) watch.removed.set(name, watch.changes)
      else watch.removed.delete(name)
    })
    room.onEvent(() => void this.#known.delete(room.jid.toString()))
    return watch
  }
}

/** What happens to somebody who is still there after it. */
const here: readonly string[] = ['entered', 'changed', 'renamed']

/** What happened in a room while something was being encrypted (OMEMO F13). */
interface Watch {
  changes: number
  readonly removed: Map<string, number>
}

/** Not every room tells everybody who is banned; then nobody is known to be. */
async function ask(room: RoomSource, options: CallOptions): Promise<Known> {
  const [banned, ...lists] = await Promise.all([
    room.withAffiliation('outcast', options).catch(() => []),
    ...readers.map((affiliation) => room.withAffiliation(affiliation, options)),
  ])
  const jids = (items: readonly { readonly jid?: Jid | undefined }[] = []): string[] =>
    items.flatMap(({ jid }) => (jid === undefined ? [] : [jid.bare.toString()]))
  return { members: new Set(lists.flatMap(jids)), banned: new Set(jids(banned)) }
}

/** Who has said something, according to the archive of a room: nobody else can know it afterwards (XEP-0313 §6). */
export function archivedSender(message: Message): Jid | undefined {
  return message.get(MucUser)?.items[0]?.jid
}
