import { dirname } from 'node:path'
import type { FileSystem, OpenFile } from '../src/file-system.js'

interface Inode {
  /** What programs see. */
  text: string
  /** What a power failure leaves. */
  durable: string
}

/** What a power failure does to names that were changed and not synced: both are allowed. */
export type UnsyncedNames = 'kept' | 'lost'

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** A disk with one folder that forgets at a power failure what was not synced: file contents and names apart. */
export class SimulatedDisk implements FileSystem {
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  readonly #ignored: 'file' | 'directory' | undefined

  /** @param ignored a disk that lies: what of it is never synced */
  constructor(ignored?: 'file' | 'directory') {
    this.#ignored = ignored
  }

  /** Pulls the plug. */
  failPower(names: UnsyncedNames): void {
    if (names === 'lost') this.#names = new Map(this.#durableNames)
    for (const inode of this.#names.values()) inode.text = inode.durable
    this.#durableNames = new Map(this.#names)
  }

  /** Removes everything. */
  erase(): void {
    this.#names.clear()
    this.#durableNames.clear()
  }

  async open(path: string, flags: 'r' | 'wx'): Promise<OpenFile> {
    if (flags === 'r') return this.#directory()
    if (this.#names.has(path)) throw failure('EEXIST')
    const inode: Inode = { text: '', durable: '' }
    this.#names.set(path, inode)
    return {
      writeFile: async (text) => {
        inode.text = text
      },
      sync: async () => {
        if (this.#ignored !== 'file') inode.durable = inode.text
      },
      close: async () => {},
    }
  }

  #directory(): OpenFile {
    return {
      writeFile: async () => {
        throw failure('EISDIR')
      },
      sync: async () => {
        if (this.#ignored !== 'directory') this.#durableNames = new Map(this.#names)
      },
      close: async () => {},
    }
  }

  async readFile(path: string): Promise<Uint8Array> {
    return new TextEncoder().encode(this.#find(path).text)
  }

  async readdir(path: string): Promise<string[]> {
    return [...this.#names.keys()].filter((name) => dirname(name) === path).map((name) => name.slice(path.length + 1))
  }

  async rename(from: string, to: string): Promise<void> {
    this.#names.set(to, this.#find(from))
    this.#names.delete(from)
  }

  async unlink(path: string): Promise<void> {
    this.#find(path)
    this.#names.delete(path)
  }

  #find(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw failure('ENOENT')
    return inode
  }
}
