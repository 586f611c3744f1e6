import { resolve } from 'node:path'
import { processClaims, randomId, type StateChange, type StateRecord, type StateStore } from '@couplet/client'
import { XmppError } from '@couplet/stanza'
import { FileLock } from './file-lock.js'
import { FileStoreError } from './file-store-error.js'
import { type FileSystem, failedWith, nodeFiles } from './file-system.js'
import { type LockOwner, processOwner } from './process-identity.js'
import { type RecordTexts, readRecords, removeLeftovers, writeRecords } from './record-file.js'

/** A state store in a file. It takes the file's lock when it is used first. */
export interface FileStore extends StateStore {
  /** Waits for running batches and gives the lock back; after that, calls reject with `closed`. */
  close(): Promise<void>
  /** Same as `close`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Keeps state in one file, which is read once and replaced as a whole by each batch: for less than 10 MiB.
 *
 * The file has permissions 0600, as it holds tokens; the folder must exist. All methods reject with
 * {@link FileStoreError}.
 */
export function fileStore(path: string): FileStore {
  return new LockedFileStore(path, nodeFiles, processOwner)
}

type TextChange = readonly [key: string, text: string | undefined]

/** The store, with a file system and processes of one's choice. */
export class LockedFileStore implements FileStore {
  readonly #path: string
  readonly #files: FileSystem
  readonly #owner: LockOwner
  readonly #nonce = randomId()
  readonly #claims = processClaims()
  #lock: Promise<FileLock> | undefined
  #records: Promise<RecordTexts> | undefined
  #waiting: TextChange[] = []
  #nextWrite: Promise<void> | undefined
  #lastWrite: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined
  declare [Symbol.asyncDispose]: () => Promise<void>

  constructor(path: string, files: FileSystem, owner: LockOwner) {
    // Now, as the program may change its working directory.
    this.#path = resolve(path)
    this.#files = files
    this.#owner = owner
  }

  async get(key: string): Promise<StateRecord | undefined> {
    this.#expectOpen()
    const text = (await this.#load()).get(key)
    return text === undefined ? undefined : (JSON.parse(text) as StateRecord)
  }

  async batch(changes: readonly StateChange[]): Promise<void> {
    this.#expectOpen()
    const texts = changes.map(({ key, record }) => [key, record && JSON.stringify(record)] as const)
    if (texts.length === 0) return
    this.#waiting.push(...texts)
    if (this.#nextWrite === undefined) {
      // Batches that come while the file is being written share the next write.
      this.#nextWrite = this.#lastWrite.then(() => this.#write())
      this.#lastWrite = this.#nextWrite.catch(() => {})
    }
    await this.#nextWrite
  }

  async claim(name: string): Promise<(() => void) | undefined> {
    this.#expectOpen()
    // The file is locked: besides this store nobody uses it, in this process or another one.
    await this.#takeLock()
    return this.#claims(name)
  }

  close(): Promise<void> {
    this.#closed ??= this.#release()
    return this.#closed
  }

  async #release(): Promise<void> {
    await this.#lastWrite
    const lock = await this.#lock?.catch(() => undefined)
    if (lock !== undefined) await this.#explained(() => lock.release())
  }

  #expectOpen(): void {
    if (this.#closed !== undefined) throw new FileStoreError('closed', this.#path, 'the store is closed')
  }

  async #write(): Promise<void> {
    const changes = this.#waiting
    this.#waiting = []
    this.#nextWrite = undefined
    const records = new Map(await this.#load())
    for (const [key, text] of changes) {
      if (text === undefined) records.delete(key)
      else records.set(key, text)
    }
    const lock = await this.#takeLock()
    try {
      await this.#explained(() => writeRecords(this.#path, records, this.#files, randomId(), () => lock.verify()))
      this.#records = Promise.resolve(records)
    } catch (error) {
      // The file may have been replaced all the same, so look at it again.
      this.#records = undefined
      throw error
    }
  }

  #load(): Promise<RecordTexts> {
    if (this.#records !== undefined) return this.#records
    const loading = this.#takeLock().then(() => this.#explained(() => readRecords(this.#path, this.#files)))
    this.#records = loading
    loading.catch(() => {
      if (this.#records === loading) this.#records = undefined
    })
    return loading
  }

  #takeLock(): Promise<FileLock> {
    if (this.#lock !== undefined) return this.#lock
    const taking = this.#explained(async () => {
      const lock = await FileLock.take(this.#path, this.#files, this.#owner, this.#nonce)
      await removeLeftovers(this.#path, this.#files)
      return lock
    })
    this.#lock = taking
    taking.catch(() => {
      this.#lock = undefined
    })
    return taking
  }

  async #explained<Value>(step: () => Promise<Value>): Promise<Value> {
    try {
      return await step()
    } catch (error) {
      if (XmppError.is(error)) throw error
      const reason = failedWith(error, 'ENOENT') ? 'the folder does not exist' : 'the system refused'
      throw new FileStoreError('io', this.#path, reason, error)
    }
  }
}

if (Symbol.asyncDispose !== undefined) LockedFileStore.prototype[Symbol.asyncDispose] = LockedFileStore.prototype.close
