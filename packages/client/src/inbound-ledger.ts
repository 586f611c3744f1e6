import type { XmlElement } from '@couplet/stanza'

/** A stanza that was received. */
export interface Receipt {
  readonly element: XmlElement
  isHandled: boolean
}

/**
 * Which stanzas of a session were handled: what may be acknowledged (XEP-0198 §4). A stanza is handled when all its
 * handlers are done, and counts only when all before it are, too.
 */
export class InboundLedger {
  #handled: number
  /** Received, and not all before are handled. */
  readonly #open: Receipt[] = []
  /** What the server sends once more, because its handlers were still running when the stream broke. */
  #again: Receipt[] = []

  /** @param handled those of a session that was stored */
  constructor(handled = 0) {
    this.#handled = handled
  }

  /** How many stanzas of the session were handled. */
  get handled(): number {
    return this.#handled
  }

  /** Notes a stanza; `undefined` if it is one whose handlers are running already. */
  receive(element: XmlElement): Receipt | undefined {
    const [next] = this.#again
    if (next !== undefined) {
      if (isSame(next.element, element)) {
        this.#again.shift()
        this.#advance()
        return undefined
      }
      // The server does not send the rest again, so it does not count it.
      const dropped = new Set(this.#again)
      this.#again = []
      this.#remove((receipt) => dropped.has(receipt))
    }
    const receipt = { element, isHandled: false }
    this.#open.push(receipt)
    return receipt
  }

  /** All handlers of a stanza are done. @returns whether more stanzas count as handled now */
  done(receipt: Receipt): boolean {
    receipt.isHandled = true
    return this.#advance()
  }

  /**
   * The session is about to go on in another stream: the server sends again what was not handled by now.
   *
   * @returns how many stanzas were handled
   */
  resuming(): number {
    this.#again = []
    this.#advance()
    this.#again = [...this.#open]
    return this.#handled
  }

  #advance(): boolean {
    const open = this.#open
    let count = 0
    // What will come again counts when it does.
    while (open[count]?.isHandled === true && open[count] !== this.#again[0]) count++
    if (count > 0) open.splice(0, count)
    this.#handled += count
    return count > 0
  }

  #remove(isDropped: (receipt: Receipt) => boolean): void {
    const kept = this.#open.filter((receipt) => !isDropped(receipt))
    this.#open.splice(0, this.#open.length, ...kept)
  }
}

/** A server adds to a stanza it sends again when it got it (XEP-0203); who, what and which it is stays. */
function isSame(one: XmlElement, other: XmlElement): boolean {
  const sameAttributes = ['from', 'id', 'type'].every((name) => one.attr(name) === other.attr(name))
  return one.name === other.name && sameAttributes && one.child('body')?.text === other.child('body')?.text
}
