import { Delay } from '@couplet/delay'
import { abridge, type Message } from '@couplet/stanza'

/** Messages that are remembered. */
const most = 1000

/** What tells one message from another. */
type Identity = Readonly<Record<'inbox' | 'from' | 'id' | 'body', string>> & { readonly isDelayed: boolean }

/**
 * Recognises messages that come a second time: a sender whose stream broke sends again what its server did not confirm
 * (XEP-0198 §4), though it may have arrived. The copy has the sender, id and text of the first, and says when it was sent.
 * It may come first: a server that is still busy with the old stream can be overtaken.
 */
export class Repeats {
  /** The last messages, the oldest at `next` once it is full: nearly always only written to, so it has no index. */
  readonly #ring: Identity[] = []
  #next = 0
  /** How many of them say when they were sent. */
  #delayed = 0

  /**
   * Whether the message came before; remembers it, if it did not.
   *
   * @param inbox to whom of us it came: the same text to two of us is two messages
   */
  has(message: Message, inbox = ''): boolean {
    if (message.id === undefined || message.body === undefined) return false
    const [id, body] = [abridge(message.id), abridge(message.body)]
    const isDelayed = message.get(Delay) !== undefined
    const identity = { inbox, from: abridge(message.from?.toString() ?? ''), id, body, isDelayed }
    // Without any delay it may be another message of a sender who numbers them from 1 again and again.
    if (isDelayed || this.#delayed > 0) {
      const earlier = this.#latest(identity)
      if (earlier?.body === body && (isDelayed || earlier.isDelayed)) return true
    }
    if (this.#ring[this.#next]?.isDelayed) this.#delayed--
    if (isDelayed) this.#delayed++
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
