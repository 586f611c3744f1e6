import type { CallOptions, PluginContext } from '@couplet/client'
import type { Pep } from '@couplet/pep'
import type { NodeChange, PubsubNode } from '@couplet/pubsub'
import type { StanzaError } from '@couplet/stanza'
import type { BookmarkSet } from './bookmark-set.js'
import { bookmarksNode, type Conference } from './elements.js'

/** Items per request, where the server has pages. */
const pageSize = 200

/** Keeps the bookmarks as the server has them: all when a session begins, and every event after it. */
export class BookmarkSync {
  /** Whether the account can hold them; `undefined` until the server has said. */
  supported: boolean | undefined
  readonly #context: PluginContext
  readonly #set: BookmarkSet
  readonly #node: PubsubNode<Conference>
  /** Events that came while the items were being fetched. */
  #waiting: (() => void)[] | undefined
  /** Counts what was heard of each item, while somebody wants to know. */
  readonly #heard = new Map<string, number>()

  constructor(context: PluginContext & { readonly pep: Pep }, set: BookmarkSet) {
    this.#context = context
    this.#set = set
    this.#node = context.pep.node(bookmarksNode)
    // A private node: nobody but the own account can tell (XEP-0223 §7).
    context.pep.onChange(bookmarksNode, (_value, change) => this.#take(change), { from: 'ownAccount' })
    // Not when a session goes on in this process: the events that were missed come with it.
    context.onSession(() => this.#fetch(), 'state')
  }

  /** Runs a request that changes an item. Its success says what the item is, unless an event has said so since. */
  async write(id: string, request: () => Promise<unknown>, result: () => void): Promise<void> {
    this.#heard.set(id, 0)
    try {
      await request()
      if (this.#heard.get(id) === 0) this.#apply(result)
    } finally {
      this.#heard.delete(id)
    }
  }

  /** All items that can be read, by id. @throws StanzaError */
  async items({ signal }: CallOptions = {}): Promise<ReadonlyMap<string, Conference>> {
    const items = new Map<string, Conference>()
    try {
      for await (const { id, value } of this.#node.items({ pageSize, signal })) items.set(id, value)
    } catch (error) {
      if (conditionOf(error) !== 'item-not-found') throw error
    }
    return items
  }

  #take(change: NodeChange<Conference>): void {
    if ('id' in change && change.id !== undefined && this.#heard.has(change.id)) this.#heard.set(change.id, 1)
    this.#apply(() => this.#change(change))
  }

  #change(change: NodeChange<Conference>): void {
    if (change.type === 'retracted') this.#set.delete(change.id)
    else if (change.type === 'purged' || change.type === 'deleted') this.#set.replace(new Map())
    else if (change.type === 'malformed') {
      if (change.id !== undefined) this.#set.delete(change.id)
    } else if (change.type === 'published') {
      const { id, value } = change
      if (id !== undefined && value !== undefined) this.#set.put(id, value)
      // The server tells only that something is new (XEP-0060 §4.3).
      else this.#fetch().catch((error: unknown) => this.#context.reportError(error))
    }
  }

  #apply(change: () => void): void {
    if (this.#waiting === undefined) change()
    else this.#waiting.push(change)
  }

  async #fetch(): Promise<void> {
    const waiting: (() => void)[] = []
    this.#waiting = waiting
    const settle = (items: ReadonlyMap<string, Conference>): void => {
      if (this.#waiting === waiting) this.#set.replace(items)
    }
    try {
      settle(await this.items())
      this.supported = true
    } catch (error) {
      if (saysUnknown(error)) {
        this.supported = false
        settle(new Map())
      } else if ((error as Partial<Error>).name !== 'ConnectionError') {
        // The next session asks again; a lost connection is the client's to report.
        throw error
      }
    } finally {
      // A later question has a later answer, with all that was heard before it.
      if (this.#waiting === waiting) {
        this.#waiting = undefined
        for (const change of waiting) change()
      }
    }
  }
}

const unknown: ReadonlySet<unknown> = new Set(['feature-not-implemented', 'service-unavailable'])

/** RFC 6120 §8.4: what a server says that does not know this protocol. */
export const saysUnknown = (error: unknown): boolean => unknown.has(conditionOf(error))

/** The condition of a StanzaError, also of another copy of the package. */
export const conditionOf = (error: unknown): StanzaError['condition'] | undefined =>
  error instanceof Error && error.name === 'StanzaError' ? (error as StanzaError).condition : undefined
