import type { StateChange, StateRecord, StateStore } from '@couplet/client'
import { XmppError } from '@couplet/stanza'
import { DatabaseConnection, records } from './database-connection.js'
import { explain, IndexedDbStoreError } from './indexeddb-store-error.js'
import { TabClaims } from './tab-claims.js'

/** Options of {@link indexedDbStore}. */
export interface IndexedDbStoreOptions {
  /** How long to wait for the database before it counts as blocked, in milliseconds; by default 10,000. */
  readonly openTimeout?: number | undefined
}

/** A state store in IndexedDB. It opens the database when it is used first. */
export interface IndexedDbStore extends StateStore {
  /**
   * Takes a name for this page or worker alone, by Web Locks: it is free again when that is gone. Resolves with `undefined`
   * where there are no Web Locks, that is outside secure contexts.
   */
  claim(name: string): Promise<(() => void) | undefined>
  /** Waits for running batches, closes the database and gives claims back; after that, calls reject with `closed`. */
  close(): Promise<void>
  /** Same as `close`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Keeps state in a database of the browser. Windows may share one: the client of one of them goes on with the session that
 * is stored, the others have sessions of their own. All methods reject with {@link IndexedDbStoreError}.
 *
 * @param name of the database, within the origin of the page
 */
export function indexedDbStore(name: string, options: IndexedDbStoreOptions = {}): IndexedDbStore {
  return new DatabaseStore(
    new DatabaseConnection(name, options.openTimeout ?? 10_000),
    new TabClaims(`couplet/${name}/`),
  )
}

class DatabaseStore implements IndexedDbStore {
  readonly #connection: DatabaseConnection
  readonly #claims: TabClaims
  #waiting = new Map<string, string | undefined>()
  #nextWrite: Promise<void> | undefined
  #lastWrite: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined
  declare [Symbol.asyncDispose]: () => Promise<void>

  constructor(connection: DatabaseConnection, claims: TabClaims) {
    this.#connection = connection
    this.#claims = claims
  }

  async get(key: string): Promise<StateRecord | undefined> {
    this.#expectOpen()
    const transaction = await this.#begin('readonly')
    const request = transaction.objectStore(records).get(key)
    await this.#finished(transaction)
    return request.result === undefined ? undefined : parse(request.result)
  }

  async batch(changes: readonly StateChange[]): Promise<void> {
    this.#expectOpen()
    const texts = changes.map(({ key, record }) => [key, record && JSON.stringify(record)] as const)
    if (texts.length === 0) return
    for (const [key, text] of texts) this.#waiting.set(key, text)
    if (this.#nextWrite === undefined) {
      // In order also across a connection that is lost; batches that come in the meantime share the next transaction.
      this.#nextWrite = this.#lastWrite.then(() => this.#write())
      this.#lastWrite = this.#nextWrite.catch(() => {})
    }
    await this.#nextWrite
  }

  async claim(name: string): Promise<(() => void) | undefined> {
    this.#expectOpen()
    const release = await this.#claims.take(name)
    if (this.#closed === undefined) return release
    release?.()
    return this.#expectOpen()
  }

  close(): Promise<void> {
    this.#closed ??= this.#lastWrite.then(async () => {
      await Promise.all([this.#claims.end(), this.#connection.end()])
    })
    return this.#closed
  }

  #expectOpen(): undefined {
    if (this.#closed !== undefined) throw new IndexedDbStoreError('closed', 'the store is closed')
  }

  async #write(): Promise<void> {
    const changes = this.#waiting
    this.#waiting = new Map()
    this.#nextWrite = undefined
    const transaction = await this.#begin('readwrite')
    const finished = this.#finished(transaction)
    try {
      const store = transaction.objectStore(records)
      for (const [key, text] of changes) {
        if (text === undefined) store.delete(key)
        else store.put(text, key)
      }
    } catch (error) {
      // Or what was put before would be committed.
      abort(transaction)
      await finished.catch(() => {})
      throw explain(error)
    }
    await finished
  }

  async #begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    try {
      return begin(await this.#connection.get(), mode)
    } catch (error) {
      if (XmppError.is(error)) throw error
      // The connection had ended and nobody told us: once more with a new one.
      await this.#connection.reset()
    }
    try {
      return begin(await this.#connection.get(), mode)
    } catch (error) {
      throw XmppError.is(error) ? error : explain(error)
    }
  }

  /** Settles with the transaction: when it is complete, it is on disk. */
  #finished(transaction: IDBTransaction): Promise<void> {
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => {
        // Some browsers lose all connections until they are opened again.
        void this.#connection.reset()
        reject(explain(transaction.error))
      }
    })
  }
}

if (Symbol.asyncDispose !== undefined) DatabaseStore.prototype[Symbol.asyncDispose] = DatabaseStore.prototype.close

function begin(database: IDBDatabase, mode: IDBTransactionMode): IDBTransaction {
  return database.transaction(records, mode, { durability: 'strict' })
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It has been aborted already.
  }
}

function parse(text: unknown): StateRecord {
  try {
    return JSON.parse(text as string) as StateRecord
  } catch {
    // Without the cause: its message quotes what is stored.
    throw new IndexedDbStoreError('incompatible', 'a record of the database is not JSON')
  }
}
