import { explain, IndexedDbStoreError } from './indexeddb-store-error.js'

const version = 1

/** The only object store: keys as they are, records as JSON text. */
export const records = 'records'

/** A connection that is opened when needed, also after the browser or another window ended it. */
export class DatabaseConnection {
  readonly #name: string
  readonly #timeout: number
  #database: Promise<IDBDatabase> | undefined
  #ended = false

  constructor(name: string, timeout: number) {
    this.#name = name
    this.#timeout = timeout
  }

  /**
   * The open database.
   *
   * @throws IndexedDbStoreError
   */
  async get(): Promise<IDBDatabase> {
    if (this.#ended) throw new IndexedDbStoreError('closed', 'the store is closed')
    if (this.#database !== undefined) return this.#database
    const opening = open(this.#name, this.#timeout)
    const forget = (): void => {
      if (this.#database === opening) this.#database = undefined
    }
    this.#database = opening
    opening.then((database) => {
      database.onclose = forget
      database.onversionchange = () => {
        // Another window wants to delete or upgrade the database, and waits for us.
        forget()
        database.close()
      }
    }, forget)
    return opening
  }

  /** Gives the connection back for good. */
  end(): Promise<void> {
    this.#ended = true
    return this.reset()
  }

  /** Gives the connection back; a later `get` opens another one. Transactions that run are finished. */
  async reset(): Promise<void> {
    const opening = this.#database
    this.#database = undefined
    const database = await opening?.catch(() => undefined)
    database?.close()
  }
}

function open(name: string, timeout: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = openRequest(name)
    let given = false
    const giveUp = (error: IndexedDbStoreError): void => {
      given = true
      clearTimeout(timer)
      reject(error)
    }
    const blocked = (): void => giveUp(new IndexedDbStoreError('blocked', 'another window blocks the database'))
    // While somebody else's deletion waits, there is no event at all.
    const timer = setTimeout(blocked, timeout)
    request.onblocked = blocked
    request.onerror = () => giveUp(explain(request.error))
    request.onupgradeneeded = () => request.result.createObjectStore(records)
    request.onsuccess = () => {
      clearTimeout(timer)
      if (given) request.result.close()
      else resolve(request.result)
    }
  })
}

function openRequest(name: string): IDBOpenDBRequest {
  // Absent outside browsers; in some private windows it is there and throws.
  const factory = (globalThis as { indexedDB?: IDBFactory }).indexedDB
  try {
    if (factory !== undefined) return factory.open(name, version)
  } catch (error) {
    throw new IndexedDbStoreError('unavailable', 'IndexedDB cannot be used here', error)
  }
  throw new IndexedDbStoreError('unavailable', 'there is no IndexedDB here')
}
