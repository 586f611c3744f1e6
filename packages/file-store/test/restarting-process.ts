import { type FileStore, LockedFileStore } from '../src/file-store.js'
import type { FileSystem } from '../src/file-system.js'
import type { LockOwner } from '../src/process-identity.js'

/** Processes of which only the newest is alive, as when one restarts. */
export class RestartingProcess implements LockOwner {
  #count = 1

  async identity(): Promise<string> {
    return `${this.#count}.0`
  }

  async isAlive(identity: string): Promise<boolean> {
    return identity === `${this.#count}.0`
  }

  /** The store in a new process; all earlier processes are gone. */
  start(path: string, files: FileSystem): FileStore {
    this.#count++
    return new LockedFileStore(path, files, this)
  }
}
