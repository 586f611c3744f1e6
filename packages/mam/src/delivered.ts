import { abridge, type Message } from '@couplet/stanza'
import { originId } from '@couplet/stanza-id'

/** How many messages are remembered, and how many of them in the store. */
const limits = { memory: 10_000, store: 100 } as const

/** What is kept of it in the store. */
export interface DeliveredRecord {
  readonly ids: readonly string[]
  readonly named: readonly string[]
  readonly unnamed: readonly string[]
}

/** What was delivered, by whichever way, so that nothing is delivered twice. Bounded: the oldest are forgotten. */
export class Delivered {
  /** Ids in the archive. */
  readonly #ids = new RecentSet()
  /** Those whose id is known, for archives that change their ids. */
  readonly #named = new RecentSet()
  /** Those whose id is not known. */
  readonly #unnamed = new RecentSet()

  /** What goes into the store. */
  get record(): DeliveredRecord {
    return { ids: this.#ids.last(), named: this.#named.last(), unnamed: this.#unnamed.last() }
  }

  /** Adds what was in the store. */
  restore({ ids, named, unnamed }: DeliveredRecord): void {
    for (const id of ids) this.#ids.add(id)
    for (const key of named) this.#named.add(key)
    for (const key of unnamed) this.#unnamed.add(key)
  }

  /** @param id the id in the archive, if it is known */
  add(id: string | undefined, key: MessageKey): void {
    if (id !== undefined) this.#ids.add(id)
    if (key !== undefined) (id === undefined ? this.#unnamed : this.#named).add(key)
  }

  /** @param isDoubtful whether the archive may have given the message another id than before */
  has(id: string, key: MessageKey, isDoubtful: boolean): boolean {
    if (this.#ids.has(id)) return true
    return key !== undefined && (this.#unnamed.has(key) || (isDoubtful && this.#named.has(key)))
  }
}

/** What a message is known by apart from its id in the archive; `undefined` if it has nothing of the kind. */
export type MessageKey = string | undefined

/** A sender's ids need not be unique: some count from 1 each time they start. So the text counts as well. */
export function keyOf(message: Message): MessageKey {
  const { from, to, body = '' } = message
  const id = originId(message) ?? message.id
  return id === undefined ? undefined : abridge(`${from ?? ''} ${to?.bare ?? ''} ${id} ${body}`)
}

class RecentSet {
  readonly #all = new Set<string>()

  add(value: string): void {
    this.#all.delete(value)
    this.#all.add(value)
    const [oldest] = this.#all
    if (this.#all.size > limits.memory && oldest !== undefined) this.#all.delete(oldest)
  }

  has(value: string): boolean {
    return this.#all.has(value)
  }

  last(): readonly string[] {
    return [...this.#all].slice(-limits.store)
  }
}
