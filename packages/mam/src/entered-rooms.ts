import type { PluginContext } from '@couplet/client'
import { RoomPresence } from './elements.js'

/** Status codes of a room: this is about ourselves, and only about our nickname (XEP-0045 §15.6). */
const [self, renamed] = [110, 303]

/** How many rooms are remembered: anybody can say that we are in one. */
const maxRooms = 1000

/** The rooms we are in, as their presence says (XEP-0045 §7.2.2, §7.14): only there what comes live is all there is. */
export class EnteredRooms {
  readonly #entries = new Map<string, number>()
  #count = 0

  /** @param left told when we are in a room no more */
  constructor(context: PluginContext, left: (room: string) => void) {
    // Anybody may say so of themselves: it is about nobody else's archive.
    context.onPresence((presence) => {
      const { from, type } = presence
      const codes = presence.get(RoomPresence)?.statuses.map(({ code }) => code)
      if (from === undefined || !codes?.includes(self)) return
      const room = from.bare.toString()
      if (type === undefined && !this.#entries.has(room)) this.#enter(room)
      if (type !== 'unavailable' || codes.includes(renamed)) return
      this.#entries.delete(room)
      left(room)
    })
  }

  #enter(room: string): void {
    this.#entries.set(room, ++this.#count)
    const [oldest] = this.#entries.keys()
    // Of one that is forgotten nothing is lost: what comes live there is not taken for all there is.
    if (this.#entries.size > maxRooms && oldest !== undefined) this.#entries.delete(oldest)
  }

  /** Which time we are in a room; `undefined` if we are not. */
  entry(room: string): number | undefined {
    return this.#entries.get(room)
  }

  /** We are nowhere: a new session has begun. */
  clear(): void {
    this.#entries.clear()
  }
}
