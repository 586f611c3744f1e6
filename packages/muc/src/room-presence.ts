import type { Presence } from '@couplet/stanza'
import { Deferred } from './deferred.js'
import { MucUser } from './elements.js'
import type { Entry } from './entry.js'
import type { Occupant, OccupantChange } from './occupants.js'
import type { RoomCore } from './room-core.js'

/** What a room says with presence: who is there, what they are, and how we stand (XEP-0045 §7.2, §7.6, §8 to §10). */
export class RoomPresence {
  readonly #core: RoomCore
  readonly #entry: Entry
  #renaming: { readonly nick: string; readonly done: Deferred<string> } | undefined
  #hasOverflown = false

  constructor(core: RoomCore, entry: Entry) {
    this.#core = core
    this.#entry = entry
  }

  /** Takes a presence from the room or somebody in it. */
  take(presence: Presence): void {
    this.#entry.heard()
    const nick = presence.from?.resource
    if (presence.type === 'error') this.#refused(nick, presence)
    // Some rooms send presence of their own, with what they look like.
    else if (nick === undefined) return
    else if (presence.type === undefined) this.#available(nick, presence)
    else if (presence.type === 'unavailable') this.#unavailable(nick, presence)
  }

  /** Waits for the room to take a new nickname; resolves with the one it gives. @throws StanzaError if it refuses */
  rename(nick: string): Promise<string> {
    this.#renaming?.done.reject(new DOMException('another nickname was asked for', 'AbortError'))
    const renaming = { nick, done: new Deferred<string>() }
    this.#renaming = renaming
    return renaming.done.promise
  }

  #refused(nick: string | undefined, { error }: Presence): void {
    if (error === undefined) return
    if (this.#renaming !== undefined && (nick === undefined || nick === this.#renaming.nick)) {
      this.#renaming.done.reject(error)
      this.#renaming = undefined
    } else if (this.#entry.isAsked && (nick === undefined || nick === this.#core.nick)) this.#entry.refuse(error)
  }

  #available(nick: string, presence: Presence): void {
    const core = this.#core
    const user = roomWord(presence)
    const codes = user?.statuses ?? []
    // S-137: 110 counts while we are waiting for it, when the room may have given us another nickname (210).
    if (this.#entry.isAsked && codes.includes(110)) core.nick = nick
    const isOwn = nick === core.nick
    const change = core.occupants.take(nick, user?.items[0], presence, isOwn)
    if (change !== undefined) core.occupantChanges.emit(change)
    else if (!this.#hasOverflown) {
      this.#hasOverflown = true
      core.events.emit({ type: 'overflow' })
    }
    if (!isOwn) return
    // Old services leave 110 out: our own nickname says it as well.
    if (this.#entry.isAsked) this.#entry.enter(codes)
    else core.takeStatuses(codes, true)
  }

  #unavailable(nick: string, presence: Presence): void {
    const core = this.#core
    const user = roomWord(presence)
    const codes = user?.statuses ?? []
    const item = user?.items[0]
    const isOwn = nick === core.nick
    if (codes.includes(303) && item?.nick !== undefined) {
      this.#renamed(nick, item.nick, isOwn)
      return
    }
    const reason = user?.destroy?.reason ?? item?.reason ?? presence.status
    const actor = item?.actor?.nick ?? item?.actor?.jid?.toString()
    const way = wayOut(codes)
    if (isOwn) this.#out(user, way, codes, { reason, actor })
    const occupant = core.occupants.remove(nick)
    if (occupant === undefined) return
    const gone: Occupant = {
      ...occupant,
      role: item?.role ?? 'none',
      affiliation: item?.affiliation ?? occupant.affiliation,
    }
    const change: OccupantChange = { type: way, occupant: gone, reason, actor }
    core.occupantChanges.emit(change)
  }

  /** We are not there any more. */
  #out(
    user: MucUser | undefined,
    way: 'left' | 'kicked' | 'banned' | 'removed',
    codes: readonly number[],
    why: { readonly reason: string | undefined; readonly actor: string | undefined },
  ): void {
    const { state } = this.#core
    if (user?.destroy !== undefined) {
      this.#entry.end({ type: 'destroyed', reason: why.reason, alternative: user.destroy.jid })
    } else if (codes.includes(332)) this.#entry.lose('shutdown')
    else if (codes.includes(333)) this.#entry.lose('removed-by-error')
    // While we are on our way in, somebody of our name may go: what is left of our last session.
    else if (state === 'joined' || way !== 'left') this.#entry.end({ type: way, ...why })
  }

  #renamed(oldNick: string, text: string, isOwn: boolean): void {
    const core = this.#core
    const nick = enforced(core, text)
    if (nick === undefined) {
      core.occupants.remove(oldNick)
      return
    }
    const change = core.occupants.rename(oldNick, nick)
    if (isOwn) {
      core.nick = nick
      core.events.emit({ type: 'renamed', nick, oldNick })
      this.#renaming?.done.resolve(nick)
      this.#renaming = undefined
    }
    if (change !== undefined) core.occupantChanges.emit(change)
  }
}

/** What the room itself says in a stanza. Where there are two, one is not the room's: neither counts (S-137). */
export function roomWord(stanza: { readonly element: Presence['element'] }): MucUser | undefined {
  const [only, ...more] = [...stanza.element.elements()].filter(MucUser.matches)
  if (only === undefined || more.length > 0) return undefined
  return stanza.element.get(MucUser)
}

/** XEP-0045 §15.6.2. */
function wayOut(codes: readonly number[]): 'left' | 'kicked' | 'banned' | 'removed' {
  if (codes.includes(301)) return 'banned'
  if (codes.includes(333) || codes.includes(332)) return 'left'
  if (codes.includes(307)) return 'kicked'
  return codes.includes(321) || codes.includes(322) ? 'removed' : 'left'
}

/** A nickname in its enforced form; `undefined` for one that no address can have. */
function enforced({ jid }: RoomCore, nick: string): string | undefined {
  try {
    return jid.withResource(nick).resource
  } catch {
    return undefined
  }
}
