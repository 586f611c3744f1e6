import type { TrustBook } from './trust-book.js'
import type { TrustIgnored } from './trust-event.js'
import type { PendingTrust, TrustRecord } from './trust-record.js'
import { withWord } from './trust-word.js'

/** Decisions that wait, for each account that has sent them: whoever likes can send trust messages. */
const mostPerAccount = 500
/** Decisions that wait in all. */
const most = 10_000

/** What becomes of a decision. */
type Verdict = 'wait' | 'done' | TrustIgnored

/** Decisions in order of their time, applied as soon as their author is authenticated and their key known (XEP-0450 §6). */
export class PendingDecisions {
  /** What was not acted upon. */
  readonly ignored: TrustIgnored[] = []
  /** Keys about which the user has decided, as they are now: to be told to others. */
  readonly initial: { readonly record: TrustRecord; readonly trust: boolean }[] = []
  readonly #book: TrustBook
  readonly #before: readonly PendingTrust[]
  #waiting: PendingTrust[]

  constructor(book: TrustBook, pending: readonly PendingTrust[]) {
    this.#book = book
    this.#before = pending
    this.#waiting = [...pending]
  }

  /** All that waits now; `undefined` if it is as before. */
  get changed(): readonly PendingTrust[] | undefined {
    const now = this.#waiting
    const same = now.length === this.#before.length && now.every((each, i) => each === this.#before[i])
    return same ? undefined : now
  }

  /** Takes a decision: applied at once, kept, or ignored. */
  add(decision: PendingTrust): void {
    const verdict = this.#apply(decision)
    if (verdict === 'wait') this.#keep(decision)
    else if (verdict !== 'done') this.ignored.push(verdict)
  }

  /** Applies whatever can be applied now, and what becomes possible by that. */
  settle(): void {
    for (let before = -1; before !== this.#waiting.length; ) {
      before = this.#waiting.length
      this.#waiting.sort((left, right) => left.time - right.time)
      this.#waiting = this.#waiting.filter((decision) => this.#apply(decision) === 'wait')
    }
  }

  #keep(decision: PendingTrust): void {
    const { sender, owner, keys, time, trust } = decision
    const same = this.#waiting.find(
      (each) =>
        each.owner === owner &&
        each.sender?.jid === sender?.jid &&
        each.sender?.key === sender?.key &&
        each.keys.some((key) => keys.includes(key)),
    )
    // Of one sender about one key the newest counts, whatever comes in which order (OMEMO S24).
    if (same !== undefined && (time < same.time || (time === same.time && (trust || !same.trust)))) {
      this.ignored.push('outdated')
      return
    }
    this.#waiting = this.#waiting.filter((each) => each !== same)
    const rivals = this.#waiting.filter((each) => each.sender?.jid === sender?.jid)
    const oldest = rivals.reduce((first, each) => (each.time < first.time ? each : first), decision)
    if (rivals.length >= mostPerAccount && sender !== undefined) {
      this.ignored.push('too-many')
      if (oldest === decision) return
      this.#waiting = this.#waiting.filter((each) => each !== oldest)
    } else if (this.#waiting.length >= most) {
      this.ignored.push('too-many')
      return
    }
    this.#waiting.push({ ...decision, time })
  }

  #apply(decision: PendingTrust): Verdict {
    const { owner, keys, trust, time, sender } = decision
    const book = this.#book
    if (keys.some((key) => book.isOwn(owner, key))) return 'own-device'
    if (sender !== undefined) {
      // XEP-0450 §5: own devices speak about everybody, those of a contact about that contact.
      if (sender.jid !== book.account && sender.jid !== owner) return 'not-entitled'
      const author = book.get(sender.jid, sender.key)
      if (author?.level === 'distrusted') return 'distrusted-sender'
      if (author?.level !== 'authenticated') return 'wait'
    }
    const record = keys.map((key) => book.get(owner, key)).find((each) => each !== undefined)
    if (record === undefined) return 'wait'
    const side = sender === undefined || sender.jid === book.account ? 'own' : 'contact'
    const by = sender === undefined ? 'user' : 'trust-message'
    const word = { level: trust ? 'authenticated' : 'distrusted', at: time, by } as const
    const decided = withWord(record, side, word)
    if (decided === undefined) return 'outdated'
    book.write(decided, sender && { sender })
    if (sender === undefined) this.initial.push({ record: decided, trust })
    return decided.level === word.level ? 'done' : 'overruled'
  }
}
