import { Delay } from '@couplet/delay'
import type { Message } from '@couplet/stanza'

/** Messages that are remembered. */
const most = 1000

/** What tells one message from another. */
type Identity = Readonly<Record<'inbox' | 'from' | 'id' | 'body', string>>

/**
 * Recognises messages that come a second time: a sender whose stream broke sends again what its server did not confirm
 * (XEP-0198 §4), though it may have arrived. The copy has the sender, id and text of the first, and says when it was sent.
 */
export class Repeats {
  /** The last messages, the oldest at `next` once it is full: nearly always only written to, so it has no index. */
  readonly #ring: Identity[] = []
  #next = 0

  /**
   * Whether the message came before; remembers it, if it did not.
   *
   * @param inbox to whom of us it came: the same text to two of us is two messages
   */
  has(message: Message, inbox = ''): boolean {
    const { id, body } = message
    if (id === undefined || body === undefined) return false
    const identity = { inbox, from: message.from?.toString() ?? '', id, body }
    // Without the delay it may be another message of a sender who numbers them from 1 again and again.
    if (message.get(Delay) !== undefined && this.#latest(identity)?.body === body) return true
    this.#ring[this.#next] = identity
    this.#next = (this.#next + 1) % most
    return false
  }

  /** The last message of this sender with this id. */
  #latest({ inbox, from, id }: Identity): Identity | undefined {
    const { length } = this.#ring
    for (let age = 1; age <= length; age++) {
      const each = this.#ring[(this.#next - age + length) % length] as Identity
      if (each.id === id && each.from === from && each.inbox === inbox) return each
    }
    return undefined
  }
}
