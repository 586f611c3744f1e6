import { Delay, isPlausible } from '@couplet/delay'
import { abridge, type Message } from '@couplet/stanza'

/** Messages that are remembered. */
const most = 1000
/** Milliseconds by which a copy may be ahead of its original, which a server still has in the stream that broke. */
const overtaking = 120_000

/** What tells one message from another. */
interface Identity extends Readonly<Record<'inbox' | 'from' | 'id' | 'body', string>> {
  readonly isDelayed: boolean
  /** When it had come at the latest, to us or to who kept it for us: what was sent after that is another message. */
  readonly arrived: number
  /** Until when its original may still come, if this is the copy that the sender sent again. */
  readonly overtakes: number
}

/**
 * Recognises messages that come a second time: a sender whose stream broke sends again what its server did not confirm
 * (XEP-0198 §4), though it may have arrived. The copy has the sender, id and text of the first, and says that it was sent
 * before that came. It may come first: a server that is still busy with the old stream can be overtaken, for a moment.
 * Senders use ids twice, so everything else is a message of its own: one too many does less harm than one too few.
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
   * @param now milliseconds since 1970
   */
  has(message: Message, inbox = '', now = Date.now()): boolean {
    if (message.id === undefined || message.body === undefined) return false
    const delays = message.all(Delay)
    const names = { inbox, from: abridge(message.from?.toString() ?? ''), id: abridge(message.id) }
    const identity = { ...names, body: abridge(message.body), ...timesOf(delays, message, now) }
    if (this.#isRepeat(identity, delays, now)) return true
    if (this.#ring[this.#next]?.isDelayed) this.#delayed--
    if (identity.isDelayed) this.#delayed++
    this.#ring[this.#next] = identity
    this.#next = (this.#next + 1) % most
    return false
  }

  #isRepeat(identity: Identity, delays: readonly Delay[], now: number): boolean {
    // Without any delay it may be another message of a sender who numbers them from 1 again and again.
    if (!identity.isDelayed && this.#delayed === 0) return false
    const earlier = this.#latest(identity)
    if (earlier?.body !== identity.body) return false
    return identity.isDelayed
      ? delays.some(({ stamp }) => isPlausible(stamp, earlier.arrived))
      : now <= earlier.overtakes
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

/** What the delays of a message say about when it came. */
function timesOf(
  delays: readonly Delay[],
  { from }: Message,
  now: number,
): Pick<Identity, 'isDelayed' | 'arrived' | 'overtakes'> {
  if (delays.length === 0) return { isDelayed: false, arrived: now, overtakes: 0 }
  const latest = (list: readonly Delay[]): number => Math.max(...list.map(({ stamp }) => stamp.getTime()))
  // What a server or a room says is when that got it; the sender says that it sends it again.
  const isOwn = (delay: Delay): boolean => delay.from === undefined || (from !== undefined && delay.from.equals(from))
  const kept = delays.filter((delay) => !isOwn(delay))
  const isCopy = kept.length < delays.length
  const reached = kept.length === 0 ? now : Math.min(now, latest(kept))
  return { isDelayed: true, arrived: Math.min(now, latest(delays)), overtakes: isCopy ? reached + overtaking : 0 }
}
