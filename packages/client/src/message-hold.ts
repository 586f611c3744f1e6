import type { Message } from '@couplet/stanza'
import { Subscription } from './subscription.js'

/** So many wait at most: after that memory counts more than order. */
const most = 1000

/** Messages that wait for the application until what was said before them is there. Protocols see them at once. */
export class MessageHold {
  #holders = 0
  readonly #waiting = new Map<Message, () => void>()

  /** Whether messages wait. */
  get isOn(): boolean {
    return this.#holders > 0
  }

  /** Lets messages wait until everybody who wants that has disposed what this returns. */
  begin(): Subscription {
    this.#holders++
    return new Subscription(() => {
      this.#holders--
      if (!this.isOn) this.#passAll()
    })
  }

  /** Something to be done for a message that waits. */
  add(message: Message, start: () => void): void {
    this.#waiting.set(message, start)
    if (this.#waiting.size >= most) this.#passAll()
  }

  /** It is the turn of a message, if it waits. */
  pass(message: Message): void {
    const start = this.#waiting.get(message)
    this.#waiting.delete(message)
    start?.()
  }

  #passAll(): void {
    for (const message of [...this.#waiting.keys()]) this.pass(message)
  }
}
