import type { PluginContext } from '@couplet/client'
import { Delay } from '@couplet/delay'
import type { BareJid, Message } from '@couplet/stanza'
import { RoomPresence } from './elements.js'
import type { Whereabouts } from './known-archive.js'

/** Status codes of a room: this is about ourselves, and only about our nickname (XEP-0045 §15.6). */
const [self, renamed] = [110, 303]

/** How many rooms are remembered: anybody can say that we are in one. */
const maxRooms = 1000

/** Which time we are in a room. A presence of our own in it may be a change of status, or say that we have entered again. */
interface Entry {
  /** Certainly. */
  readonly first: number
  /** At most. */
  readonly last: number
}

/** The rooms we are in, as their presence says (XEP-0045 §7.2.2, §7.14): only there what comes live is all there is. */
export class EnteredRooms {
  readonly #entries = new Map<string, Entry>()
  readonly #absent: (room: string) => void
  #count = 0

  /** @param absent told when we are in a room no more, or have been away from it */
  constructor(context: PluginContext, absent: (room: string) => void) {
    this.#absent = absent
    // Anybody may say so of themselves: it is about nobody else's archive.
    context.onPresence((presence) => {
      const { from, type } = presence
      const codes = presence.get(RoomPresence)?.statuses.map(({ code }) => code)
      if (from === undefined || !codes?.includes(self)) return
      const room = from.bare.toString()
      if (type === undefined) this.#enter(room)
      if (type !== 'unavailable' || codes.includes(renamed)) return
      this.#entries.delete(room)
      absent(room)
    })
  }

  #enter(room: string): void {
    const last = ++this.#count
    this.#entries.set(room, { first: this.#entries.get(room)?.first ?? last, last })
    const [oldest] = this.#entries.keys()
    // Of one that is forgotten nothing is lost: what comes live there is not taken for all there is.
    if (this.#entries.size > maxRooms && oldest !== undefined) this.#entries.delete(oldest)
  }

  /** Something was said in a room: what it says only to who enters tells that we have, whether or not we knew that we were out. */
  hear(message: Message): void {
    const room = message.from?.bare
    const entry = this.#entries.get(String(room))
    if (room === undefined || entry === undefined || entry.first === entry.last || !isForNewcomers(message, room))
      return
    this.#entries.set(room.toString(), { first: entry.last, last: entry.last })
    this.#absent(room.toString())
  }

  /** Whether we are in a room; which time, at most. */
  of(room: string): Whereabouts {
    return {
      entry: () => this.#entries.get(room)?.last,
      isStillIn: (entry) => (this.#entries.get(room)?.first ?? Number.POSITIVE_INFINITY) <= entry,
    }
  }

  /** We are nowhere: a new session has begun. */
  clear(): void {
    this.#entries.clear()
  }
}

/** XEP-0045 §7.2.14, §7.2.15: a room repeats what was said before, and tells its subject. */
function isForNewcomers(message: Message, room: BareJid): boolean {
  const isRepeated = message.all(Delay).some(({ from }) => from === undefined || from.bare.equals(room))
  return isRepeated || (message.subject !== undefined && message.body === undefined)
}
