import type { Jid, Presence } from '@couplet/stanza'
import { hashOf, type Offer } from './avatar-image.js'
import { RoomUser, VcardUpdate } from './elements.js'

/** Anybody can announce: what is remembered is bounded, and the oldest is forgotten. */
const limits = { entities: 10_000, resources: 20, rooms: 10_000 } as const

/** A hash; `none` if there is no avatar, `undefined` if nothing is known. */
type KnownHash = string | 'none' | undefined

/** Which avatars others have announced in this session, each only its own. */
export class AnnouncedAvatars {
  /** What accounts have published, by bare JID. */
  readonly #published = new Map<string, Offer>()
  /** What presences say: by account or occupant, and then by resource, the one that spoke last at the end. */
  readonly #present = new Map<string, Map<string, string>>()
  readonly #rooms = new Map<string, true>()

  /** Whose avatar it is: an occupant of a room has one of its own, and a client has that of its account. */
  ownerOf(jid: Jid): Jid {
    return jid.resource !== undefined && this.#rooms.has(jid.bare.toString()) ? jid : jid.bare
  }

  /** What an account has published, as it was told. */
  published(owner: Jid): Offer | undefined {
    return this.#published.get(owner.toString())
  }

  /** The hashes in the presences of somebody, the newest at the end; `none` for those that say so. */
  present(owner: Jid): readonly string[] {
    return [...(this.#present.get(owner.toString())?.values() ?? [])]
  }

  /** What is announced now; publishing counts before presence, and an image that is elsewhere is none. */
  hash(owner: Jid): KnownHash {
    const published = this.published(owner)
    if (published === undefined) return this.present(owner).at(-1)
    const [first] = published.infos
    return (first && hashOf(first.id)) ?? 'none'
  }

  /** Takes what an account has published; `undefined` if that is not known any more. */
  takePublished(account: Jid, offer: Offer | undefined): void {
    if (offer === undefined) this.#published.delete(account.toString())
    else keep(this.#published, account.toString(), offer, limits.entities)
  }

  /** Takes a presence; returns whose avatar it may be about. */
  takePresence(presence: Presence): Jid | undefined {
    const { from, type } = presence
    if (from === undefined || (type !== undefined && type !== 'unavailable' && type !== 'error')) return undefined
    if (type === undefined && presence.get(RoomUser) !== undefined) {
      keep(this.#rooms, from.bare.toString(), true, limits.rooms)
    }
    const owner = this.ownerOf(from)
    const key = owner.toString()
    const resources = this.#present.get(key) ?? new Map<string, string>()
    const hash = type === undefined ? photoOf(presence) : undefined
    const { resource = '' } = from
    if (hash !== undefined) {
      keep(resources, resource, hash, limits.resources)
      keep(this.#present, key, resources, limits.entities)
    } else if (resources.delete(resource) && resources.size === 0) this.#present.delete(key)
    return owner
  }

  /** Nobody tells any more what is published. */
  clearPublished(): void {
    this.#published.clear()
  }

  /** Forgets everything: a new session begins. */
  clear(): void {
    this.#published.clear()
    this.#present.clear()
    this.#rooms.clear()
  }
}

/** XEP-0153 §4.1: no photo element says nothing, an empty one that there is none; and what is no hash says nothing, too. */
function photoOf(presence: Presence): string | undefined {
  const photo = presence.get(VcardUpdate)?.photo
  return photo?.trim() === '' ? 'none' : photo && hashOf(photo)
}

/** Puts something at the end of a map, and forgets what has been there longest if there is no room for it. */
export function keep<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > limit && oldest !== undefined) map.delete(oldest)
}
