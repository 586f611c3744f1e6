import type { Presence } from '@couplet/stanza'
import { MucUser } from './elements.js'
import type { Entry } from './entry.js'
import type { Occupant, OccupantChange } from './occupants.js'
import type { RoomCore } from './room-core.js'

/** XEP-0410 §2, XEP-0045 §7.3: the room does not know us, or there is none. */
const outside: readonly string[] = ['not-acceptable', 'item-not-found']

/** What a room says with presence: who is there, what they are, and how we stand (XEP-0045 §7.2, §7.6, §8 to §10). */
export class RoomPresence {
  readonly #core: RoomCore
  readonly #entry: Entry
  #hasOverflown = false

  constructor(core: RoomCore, entry: Entry) {
    this.#core = core
    this.#entry = entry
  }

  /** Takes a presence from the room or somebody in it. */
  take(presence: Presence): void {
    const nick = presence.from?.resource
    if (presence.type === 'error') {
      this.#refused(nick, presence)
      return
    }
    this.#entry.heard()
    // Some rooms send presence of their own, with what they look like.
    if (nick === undefined) return
    if (presence.type === undefined) this.#available(nick, presence)
    else if (presence.type === 'unavailable') this.#unavailable(nick, presence)
  }

  #refused(nick: string | undefined, { error }: Presence): void {
    if (error === undefined) return
    const { rename, nick: own } = this.#core
    if (rename.isFor(nick)) rename.fail(error)
    else if (this.#entry.isAsked && (nick === undefined || nick === own)) this.#entry.refuse(error)
    else if (nick === own && outside.includes(error.condition)) this.#entry.lose('self-ping')
  }

  #available(nick: string, presence: Presence): void {
    const core = this.#core
    const user = roomWord(presence)
    const codes = user?.statuses ?? []
    // S-137: 110 counts while we are waiting for it, when the room may have given us another nickname (210).
    if (this.#entry.isAsked && codes.includes(110)) core.nick = nick
    // Without 303: another client of ours is still called as we were.
    else if (codes.includes(110) && core.rename.isFor(nick)) this.#haveNick(nick)
    const isOwn = nick === core.nick
    const change = core.occupants.take(nick, user?.items[0], presence, isOwn)
    if (change !== undefined) core.occupantChanges.emit(change)
    else if (!this.#hasOverflown) {
      this.#hasOverflown = true
      core.events.emit({ type: 'overflow' })
    }
    if (!isOwn) return
    if (!this.#entry.isAsked) core.takeStatuses(codes, true)
    // Old services leave 110 out: our own nickname says it as well. S-151: of somebody who is no room it says nothing.
    else if ([...presence.element.elements()].some(MucUser.matches)) this.#entry.enter(codes)
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
    const occupant = core.occupants.remove(nick)
    if (isOwn) this.#out(user, way, codes, { reason, actor })
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
    if (isOwn) this.#haveNick(nick)
    if (change !== undefined) core.occupantChanges.emit(change)
  }

  /** We are called something else. */
  #haveNick(nick: string): void {
    const core = this.#core
    const { nick: oldNick } = core
    core.nick = nick
    core.events.emit({ type: 'renamed', nick, oldNick })
    core.rename.succeed(nick)
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
