import { open, readdir, readFile, rename, unlink } from 'node:fs/promises'

/** An open file or directory. */
export interface OpenFile {
  /** Writes the whole content. */
  writeFile(text: string): Promise<void>
  /** Returns when the content (of a directory: its entries) would survive a power failure. */
  sync(): Promise<void>
  /** Gives the descriptor back. */
  close(): Promise<void>
}

/** What the store needs of `node:fs/promises`, so that tests can fail at every single step. */
export interface FileSystem {
  /** Opens a directory for reading (`r`), or creates a file that must not exist (`wx`). */
  open(path: string, flags: 'r' | 'wx', mode?: number): Promise<OpenFile>
  /** Reads a whole file. */
  readFile(path: string): Promise<Uint8Array>
  /** Names in a directory. */
  readdir(path: string): Promise<string[]>
  /** Replaces the target atomically. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file. */
  unlink(path: string): Promise<void>
}

/** The files of this machine. */
export const nodeFiles: FileSystem = {
  open,
  readFile: (path) => readFile(path),
  readdir: (path) => readdir(path),
  rename,
  unlink,
}

/** Whether a file operation failed with this code, such as `ENOENT`. */
export function failedWith(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code
}

/** Removes a file that may be absent. */
export async function removeFile(files: FileSystem, path: string): Promise<void> {
  try {
    await files.unlink(path)
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error
  }
}
