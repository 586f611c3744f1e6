import { memoryStore, type StateChange, type StateStore } from '@couplet/client'

/** When a process dies: before a batch is stored, or after it was stored and before anybody heard of that. */
export type Death = 'before' | 'after'

/** A store of a process that can die; what was stored by then stays for the next one. */
export class CrashingStore implements StateStore {
  /** What outlasts the process. */
  readonly disk: StateStore
  /** The session as it was stored last. */
  session: Readonly<Record<string, unknown>> = {}
  /** Batches so far. */
  batches = 0
  readonly #crashed: () => void
  #at = Number.POSITIVE_INFINITY
  #death: Death = 'before'
  #isDead = false

  /** @param crashed called when the process dies */
  constructor(crashed: () => void, disk: StateStore = memoryStore()) {
    this.#crashed = crashed
    this.disk = disk
  }

  /** Whether the process is dead. */
  get isDead(): boolean {
    return this.#isDead
  }

  /** Dies in the batch of this number from now on, which is 1 for the next. */
  dieAt(number: number, death: Death): void {
    this.#at = this.batches + number
    this.#death = death
  }

  /** From now on nothing is stored, and nothing settles. */
  die(): void {
    this.#isDead = true
    this.#crashed()
  }

  get(key: string) {
    return this.#isDead ? new Promise<undefined>(() => {}) : this.disk.get(key)
  }

  async batch(changes: readonly StateChange[]): Promise<void> {
    const dies = ++this.batches >= this.#at
    if (!this.#isDead && !(dies && this.#death === 'before')) await this.#apply(changes)
    if (dies && !this.#isDead) this.die()
    if (this.#isDead) await new Promise<void>(() => {})
  }

  async #apply(changes: readonly StateChange[]): Promise<void> {
    for (const { key, record } of changes) {
      if (key.endsWith('/session')) this.session = record?.value as Readonly<Record<string, unknown>>
    }
    await this.disk.batch(changes)
  }
}
