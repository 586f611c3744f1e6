import { randomId, type StateChange, type StateStore } from '@couplet/client'
import { openRecord, type RecordKind, recordKey, sealRecord } from './record-kind.js'
import { ScopeQueue } from './scope-queue.js'
import { type LockPort, lockPortOf, StoreLock } from './store-lock.js'

/** What happens in one transaction: reads, and writes that happen together at its end. */
export interface Transaction {
  /** Reads a record, as this transaction has left it. */
  get<T>(kind: RecordKind<T>, key?: string): Promise<T | undefined>
  /** Writes a record at the end. */
  put<T>(kind: RecordKind<T>, key: string, value: T): void
  /** Removes a record at the end. */
  delete(kind: { readonly name: string }, key: string): void
}

/** Parsed records that are kept in memory. */
const mostCached = 4096

/** Who has written last: only then others know that what they remember still holds. */
const writerKey = 'writer'

/**
 * Records in a `StateStore`, read and written in transactions: exclusive for what they name, also across tabs and
 * processes, and with all their writes in one atomic batch. A crash leaves the state before or after, never between.
 */
export class OmemoStore {
  readonly #store: StateStore
  readonly #queue = new ScopeQueue()
  readonly #lock: StoreLock
  readonly #cache = new Map<string, unknown>()
  readonly #self = randomId()
  readonly #isShared: boolean
  #isWriter = false

  constructor(store: StateStore, locks: LockPort | undefined = lockPortOf(store)) {
    this.#store = store
    this.#isShared = locks !== undefined
    this.#lock = new StoreLock(locks, () => this.#returned())
  }

  /**
   * Runs `work` alone on these scopes, then writes what it has put, then resolves with its result. If it throws nothing is
   * written.
   */
  async transaction<T>(scopes: Iterable<string>, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const release = await this.#queue.take(scopes)
    try {
      await this.#lock.enter()
      try {
        const changes = new Changes((kind, key) => this.#read(kind, key))
        const result = await work(changes)
        await this.#commit(changes)
        return result
      } finally {
        this.#lock.leave()
      }
    } finally {
      release()
    }
  }

  /** Reads one record without waiting for anybody: for what may be a moment old. */
  read<T>(kind: RecordKind<T>, key = ''): Promise<T | undefined> {
    return this.#isShared
      ? this.transaction([], (transaction) => transaction.get(kind, key))
      : this.#read(kind, recordKey(kind, key))
  }

  async #read<T>(kind: RecordKind<T>, key: string): Promise<T | undefined> {
    if (this.#cache.has(key)) {
      const value = this.#cache.get(key) as T | undefined
      this.#remember(key, value)
      return value
    }
    const record = await this.#store.get(key)
    // Somebody who did not wait for us may have written meanwhile.
    if (this.#cache.has(key)) return this.#cache.get(key) as T | undefined
    const value = record && openRecord(kind, record)
    this.#remember(key, value)
    return value
  }

  async #commit({ written }: Changes): Promise<void> {
    if (written.size === 0) return
    const changes: StateChange[] = [...written].map(([key, write]) => ({
      key,
      record: write && sealRecord(write.kind, write.value),
    }))
    if (this.#isShared && !this.#isWriter) {
      changes.push({ key: writerKey, record: { version: 1, value: this.#self } })
    }
    try {
      await this.#store.batch(changes)
    } catch (error) {
      // It may have happened all the same.
      for (const key of written.keys()) this.#cache.delete(key)
      throw error
    }
    this.#isWriter = true
    for (const [key, write] of written) this.#remember(key, write?.value)
  }

  /** Somebody else may have had the lock. */
  async #returned(): Promise<void> {
    const writer = await this.#store.get(writerKey)
    this.#isWriter = writer?.value === this.#self
    if (!this.#isWriter) this.#cache.clear()
  }

  #remember(key: string, value: unknown): void {
    this.#cache.delete(key)
    this.#cache.set(key, value)
    if (this.#cache.size <= mostCached) return
    const [oldest] = this.#cache.keys()
    if (oldest !== undefined) this.#cache.delete(oldest)
  }
}

interface Write {
  readonly kind: RecordKind<unknown>
  readonly value: unknown
}

/** The writes of a transaction, until its end. */
class Changes implements Transaction {
  readonly written = new Map<string, Write | undefined>()
  readonly #read: <T>(kind: RecordKind<T>, key: string) => Promise<T | undefined>

  constructor(read: <T>(kind: RecordKind<T>, key: string) => Promise<T | undefined>) {
    this.#read = read
  }

  async get<T>(kind: RecordKind<T>, key = ''): Promise<T | undefined> {
    const full = recordKey(kind, key)
    if (this.written.has(full)) return this.written.get(full)?.value as T | undefined
    return this.#read(kind, full)
  }

  put<T>(kind: RecordKind<T>, key: string, value: T): void {
    this.written.set(recordKey(kind, key), { kind: kind as RecordKind<unknown>, value })
  }

  delete(kind: { readonly name: string }, key: string): void {
    this.written.set(recordKey(kind, key), undefined)
  }
}
