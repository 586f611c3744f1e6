import type { FileSystem, OpenFile } from '../src/file-system.js'

/** The error of every operation at and after a crash. */
export class CrashError extends Error {
  override readonly name = 'CrashError'
}

/**
 * The same file system, until its `point`-th operation: that one fails, or if it writes, is done by half; all later ones
 * fail too. `operations` counts.
 */
export class CrashingFiles implements FileSystem {
  readonly #files: FileSystem
  readonly #log: string[] = []
  #point = Number.POSITIVE_INFINITY

  constructor(files: FileSystem) {
    this.#files = files
  }

  /** What was asked for since the last `crashAt`, in order. */
  get operations(): readonly string[] {
    return this.#log
  }

  /** Counts from now on; `Infinity` for no crash. */
  crashAt(point: number): void {
    this.#log.length = 0
    this.#point = point
  }

  async open(path: string, flags: 'r' | 'wx', mode?: number): Promise<OpenFile> {
    this.#step(`open ${flags}`)
    const file = await this.#files.open(path, flags, mode)
    return {
      writeFile: async (text) => {
        try {
          this.#step('write')
        } catch (error) {
          // The first to fail was under way when the process died.
          if (this.#log.length === this.#point) await file.writeFile(text.slice(0, text.length / 2))
          throw error
        }
        await file.writeFile(text)
      },
      sync: async () => {
        this.#step('sync')
        await file.sync()
      },
      close: async () => {
        // Descriptors of a dead process are closed by the system.
        await file.close()
        this.#step('close')
      },
    }
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#then('read', () => this.#files.readFile(path))
  }

  readdir(path: string): Promise<string[]> {
    return this.#then('readdir', () => this.#files.readdir(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#then('rename', () => this.#files.rename(from, to))
  }

  unlink(path: string): Promise<void> {
    return this.#then('unlink', () => this.#files.unlink(path))
  }

  async #then<Value>(name: string, operation: () => Promise<Value>): Promise<Value> {
    this.#step(name)
    return operation()
  }

  #step(name: string): void {
    this.#log.push(name)
    if (this.#log.length >= this.#point) throw new CrashError(`${name} is operation ${this.#log.length}`)
  }
}
