import { Delay } from '@couplet/delay'
import type { Message } from '@couplet/stanza'

/** Messages that are remembered. */
const most = 1000

/**
 * Recognises messages that come a second time: a sender whose stream broke sends again what its server did not confirm
 * (XEP-0198 §4), though it may have arrived. The copy has the sender, id and text of the first, and says when it was sent.
 */
export class Repeats {
  readonly #seen = new Map<string, string>()

  /**
   * Whether the message came before; remembers it, if it did not.
   *
   * @param inbox to whom of us it came: the same text to two of us is two messages
   */
  has(message: Message, inbox = ''): boolean {
    const { id, from, body } = message
    if (id === undefined || body === undefined) return false
    const key = `${inbox} ${from} ${id}`
    // Without the delay it may be another message of a sender who numbers them from 1 again and again.
    if (this.#seen.get(key) === body && message.get(Delay) !== undefined) return true
    this.#seen.delete(key)
    this.#seen.set(key, body)
    if (this.#seen.size > most) this.#seen.delete(this.#seen.keys().next().value as string)
    return false
  }
}
