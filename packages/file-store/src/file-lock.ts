import { FileStoreError } from './file-store-error.js'
import { type FileSystem, failedWith, removeFile } from './file-system.js'
import type { LockOwner } from './process-identity.js'

const attempts = 5

/** A lock that is not complete belongs to nobody: its process ended, or will notice that it has been replaced. */
const complete = /^(\S+) [\w-]{22}\n$/

/**
 * Keeps a second process away from a file. A lock whose process is gone is taken over. Where two processes cannot see
 * each other (two containers with one volume), the newer one takes over, and the older one learns it from
 * {@link FileLock.verify} before it would write.
 */
export class FileLock {
  readonly #target: string
  readonly #path: string
  readonly #files: FileSystem
  readonly #text: string

  private constructor(target: string, files: FileSystem, text: string) {
    this.#target = target
    this.#path = lockPath(target)
    this.#files = files
    this.#text = text
  }

  /**
   * Takes the lock of a file.
   *
   * @param nonce 22 characters; tells this holder from any other of the same process
   * @throws FileStoreError `locked`
   */
  static async take(target: string, files: FileSystem, owner: LockOwner, nonce: string): Promise<FileLock> {
    const lock = new FileLock(target, files, `${await owner.identity()} ${nonce}\n`)
    for (let attempt = 0; attempt < attempts; attempt++) {
      const created = await lock.#create()
      // Not if somebody found it before it had content, and took it over. Ours without creating it: an attempt of the
      // same holder failed after that.
      if (await lock.#isOurs()) return lock
      if (!created) await lock.#removeStale(owner)
    }
    throw new FileStoreError('locked', target, 'other processes are taking the lock at the same time')
  }

  /**
   * Makes sure that nobody has taken the lock over.
   *
   * @throws FileStoreError `lock-lost`
   */
  async verify(): Promise<void> {
    if (await this.#isOurs()) return
    throw new FileStoreError('lock-lost', this.#target, `${this.#path} is gone, or belongs to another process`)
  }

  /** Gives the lock back, if it is still ours. */
  async release(): Promise<void> {
    if (await this.#isOurs()) await removeFile(this.#files, this.#path)
  }

  async #create(): Promise<boolean> {
    try {
      const file = await this.#files.open(this.#path, 'wx', 0o600)
      try {
        await file.writeFile(this.#text)
      } finally {
        await file.close()
      }
      return true
    } catch (error) {
      if (failedWith(error, 'EEXIST')) return false
      throw error
    }
  }

  async #removeStale(owner: LockOwner): Promise<void> {
    const identity = complete.exec((await this.#read()) ?? '')?.[1]
    if (identity !== undefined && (await owner.isAlive(identity))) {
      const [pid] = identity.split('.')
      const problem = `process ${pid} uses this file; if that is not so, remove ${this.#path}`
      throw new FileStoreError('locked', this.#target, problem)
    }
    await removeFile(this.#files, this.#path)
  }

  async #isOurs(): Promise<boolean> {
    return (await this.#read()) === this.#text
  }

  async #read(): Promise<string | undefined> {
    try {
      return new TextDecoder().decode(await this.#files.readFile(this.#path))
    } catch (error) {
      if (failedWith(error, 'ENOENT')) return undefined
      throw error
    }
  }
}

/** Where the lock of a file is. */
export function lockPath(target: string): string {
  return `${target}.lock`
}
