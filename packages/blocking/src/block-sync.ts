import type { PluginContext, PluginEvent } from '@couplet/client'
import { type Jid, StanzaError } from '@couplet/stanza'
import { type BlockingChange, BlockSet } from './block-set.js'
import { type BlockItem, getBlockList, sendBlock, sendUnblock } from './elements.js'

/** Keeps the list as the server has it: all of it when a session begins, and every push after it. */
export class BlockSync {
  /** Who is blocked. */
  readonly blocked: BlockSet
  /** Whether the server can block; `undefined` until it has said. */
  supported: boolean | undefined
  readonly #context: PluginContext
  /** Pushes that came while the list was being fetched. */
  #waiting: (() => void)[] | undefined

  constructor(context: PluginContext, changed: PluginEvent<[BlockingChange]>) {
    this.#context = context
    this.blocked = new BlockSet(changed)
    // From anyone else it is an attempt to make us deaf, or to be heard again.
    const filter = { from: 'ownAccount' } as const
    context.handle(sendBlock, ({ items }) => this.#takeBlock(items), filter)
    context.handle(sendUnblock, ({ items }) => this.#takeUnblock(items), filter)
    // Not when a session goes on in this process: the pushes that were missed come with it.
    context.onSession(() => this.#fetch(), 'state')
  }

  #takeBlock(items: readonly BlockItem[]): void {
    // XEP-0191 §3.3: at least one.
    if (items.length === 0) throw new StanzaError({ condition: 'bad-request' })
    this.#apply(() => this.blocked.add(jidsOf(items)))
  }

  /** §3.5: none are all of them. */
  #takeUnblock(items: readonly BlockItem[]): void {
    this.#apply(() => this.blocked.delete(items.length === 0 ? [...this.blocked.all.values()] : jidsOf(items)))
  }

  #apply(change: () => void): void {
    if (this.#waiting === undefined) change()
    else this.#waiting.push(change)
  }

  async #fetch(): Promise<void> {
    const waiting: (() => void)[] = []
    this.#waiting = waiting
    try {
      const { items } = await this.#context.request(getBlockList, true)
      this.supported = true
      this.blocked.replace(jidsOf(items))
    } catch (error) {
      if (saysUnknown(error)) {
        this.supported = false
        this.blocked.replace([])
      } else if ((error as Partial<Error>).name !== 'ConnectionError') {
        // The next session asks again; a lost connection is the client's to report.
        throw error
      }
    } finally {
      if (this.#waiting === waiting) this.#waiting = undefined
      for (const change of waiting) change()
    }
  }
}

const jidsOf = (items: readonly BlockItem[]): readonly Jid[] => items.map(({ jid }) => jid)

const unknown: ReadonlySet<string> = new Set(['feature-not-implemented', 'service-unavailable'])

/** RFC 6120 §8.4: what a server says that does not know this protocol. */
const saysUnknown = (error: unknown): boolean =>
  error instanceof Error && error.name === 'StanzaError' && unknown.has((error as StanzaError).condition)
