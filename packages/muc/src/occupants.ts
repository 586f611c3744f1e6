import type { Jid, Presence, PresenceShow } from '@couplet/stanza'
import { type Affiliation, type MucItem, OccupantId, type Role } from './elements.js'

/** Rooms can be entered by anybody, a million times: what is remembered of one is bounded. */
const limit = 10_000

/** Somebody in a room, as the room has described them last (XEP-0045 §7.2.2). */
export interface Occupant {
  /** What they are called here. Somebody else may be called so later: see {@link occupantId}. */
  readonly nick: string
  /** What they may do here. */
  readonly role: Role
  /** What they are to the room. */
  readonly affiliation: Affiliation
  /** Who they are, where the room tells us. */
  readonly jid: Jid | undefined
  /** Who they are whatever they are called, if the room assigns identifiers (XEP-0421); unique in this room only. */
  readonly occupantId: string | undefined
  /** Availability in a word. */
  readonly show: PresenceShow | undefined
  /** Availability in their own words. */
  readonly status: string | undefined
  /** The presence, with everything else they say. */
  readonly presence: Presence
}

/** What has happened to an occupant. */
export type OccupantChange =
  | { readonly type: 'entered' | 'changed'; readonly occupant: Occupant }
  | { readonly type: 'renamed'; readonly occupant: Occupant; readonly oldNick: string }
  | {
      readonly type: 'left' | 'kicked' | 'banned' | 'removed'
      readonly occupant: Occupant
      /** What was said about it. */
      readonly reason: string | undefined
      /** The nickname of who did it, if the room tells. */
      readonly actor: string | undefined
    }

/** The one identifier of a stanza; where there are two, neither counts (XEP-0421 §3.3). */
export function claimedOccupantId(stanza: { readonly element: Presence['element'] }): string | undefined {
  const [only, ...more] = stanza.element.all(OccupantId)
  return more.length === 0 ? only?.id : undefined
}

/** The occupants of a room by nickname. */
export class Occupants {
  /** Live. */
  readonly all = new Map<string, Occupant>()
  /** Those who were there before we entered again, and were not mentioned since. */
  #stale: Set<string> | undefined
  readonly #assigns: () => boolean

  /** @param assigns whether the room is known to assign identifiers: without it anybody could claim one (S-143) */
  constructor(assigns: () => boolean) {
    this.#assigns = assigns
  }

  /** Takes a presence; `undefined` if the room is so full that it is not remembered. */
  take(nick: string, item: MucItem | undefined, presence: Presence, isOwn: boolean): OccupantChange | undefined {
    const known = this.all.get(nick)
    this.#stale?.delete(nick)
    // Our own place is always free.
    if (known === undefined && this.all.size >= limit && !isOwn) return undefined
    const occupant = this.#describe(nick, item, presence)
    this.all.set(nick, occupant)
    return { type: known === undefined ? 'entered' : 'changed', occupant }
  }

  /** Gives an occupant another nickname; the presence that follows says the rest. */
  rename(oldNick: string, nick: string): OccupantChange | undefined {
    const known = this.all.get(oldNick)
    if (known === undefined) return undefined
    this.all.delete(oldNick)
    const occupant = { ...known, nick }
    this.all.set(nick, occupant)
    return { type: 'renamed', occupant, oldNick }
  }

  /** The room has said whether it assigns identifiers: returns the changes that follow from it. */
  identify(): readonly OccupantChange[] {
    const changes: OccupantChange[] = []
    for (const [nick, known] of this.all) {
      const occupantId = this.#idOf(known.presence)
      if (occupantId === known.occupantId) continue
      const occupant = { ...known, occupantId }
      this.all.set(nick, occupant)
      changes.push({ type: 'changed', occupant })
    }
    return changes
  }

  /** Somebody has gone; returns who it was. */
  remove(nick: string): Occupant | undefined {
    const known = this.all.get(nick)
    this.all.delete(nick)
    return known
  }

  /** Nobody tells us any more who is there. */
  clear(): void {
    this.all.clear()
    this.#stale = undefined
  }

  /** From here on the room says anew who is there. */
  beginSync(): void {
    this.#stale = new Set(this.all.keys())
  }

  /** It has: removes and returns those it has not mentioned. */
  endSync(): readonly Occupant[] {
    const gone = [...(this.#stale ?? [])].flatMap((nick) => this.remove(nick) ?? [])
    this.#stale = undefined
    return gone
  }

  #describe(nick: string, item: MucItem | undefined, presence: Presence): Occupant {
    // No accessor: with one, an object takes several times as much, and rooms have thousands of occupants.
    return {
      nick,
      role: item?.role ?? 'none',
      affiliation: item?.affiliation ?? 'none',
      jid: item?.jid,
      occupantId: this.#idOf(presence),
      show: presence.show,
      status: presence.status,
      presence,
    }
  }

  #idOf(presence: Presence): string | undefined {
    return this.#assigns() ? claimedOccupantId(presence) : undefined
  }
}
