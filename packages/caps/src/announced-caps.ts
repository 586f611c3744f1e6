import type { DiscoInfo } from '@couplet/disco'
import type { Jid, Presence } from '@couplet/stanza'
import { Capabilities } from './elements.js'

/** Anybody can send presence: what is remembered is bounded, and the oldest is forgotten. */
const limit = 10_000

/** What an entity has announced. */
export interface Announced {
  /** The announcement. */
  readonly caps: Capabilities
  /** What it has answered, or is about to, for as long as it announces this. */
  info?: Promise<DiscoInfo> | undefined
}

/** What entities have announced in this session, by full JID. */
export class AnnouncedCaps {
  readonly #all = new Map<string, Announced>()

  /** What an entity has announced last. */
  get(jid: Jid): Announced | undefined {
    return this.#all.get(jid.toString())
  }

  /** Takes a presence. */
  take(presence: Presence): void {
    const key = presence.from?.toString()
    if (key === undefined) return
    if (presence.type === 'unavailable' || presence.type === 'error') this.#all.delete(key)
    if (presence.type !== undefined) return
    const caps = presence.get(Capabilities)
    // XEP-0115 §8.4: a server may leave out what it has already told.
    if (caps !== undefined) this.#set(key, caps)
  }

  /** Forgets everything. */
  clear(): void {
    this.#all.clear()
  }

  #set(key: string, caps: Capabilities): void {
    const known = this.#all.get(key)
    this.#all.delete(key)
    this.#all.set(key, known !== undefined && isSame(known.caps, caps) ? known : { caps })
    const [oldest] = this.#all.keys()
    if (this.#all.size > limit && oldest !== undefined) this.#all.delete(oldest)
  }
}

const isSame = (one: Capabilities, other: Capabilities): boolean =>
  one.hash === other.hash && one.ver === other.ver && one.node === other.node && one.ext === other.ext
