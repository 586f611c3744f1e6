import { basename, dirname, join } from 'node:path'
import { FileStoreError } from './file-store-error.js'
import { type FileSystem, failedWith, removeFile } from './file-system.js'

/** The JSON text of each record. Texts, so that nobody can change what is stored. */
export type RecordTexts = ReadonlyMap<string, string>

const format = 1
const temporary = /^\.[\w-]{22}\.tmp$/

/**
 * Reads the file; one that does not exist holds nothing.
 *
 * @throws FileStoreError `corrupt`
 */
export async function readRecords(path: string, files: FileSystem): Promise<RecordTexts> {
  let bytes: Uint8Array
  try {
    bytes = await files.readFile(path)
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return new Map()
    throw error
  }
  const content = parse(path, bytes)
  if (!isObject(content) || content.format !== format || !isObject(content.records)) {
    throw new FileStoreError('corrupt', path, `not a state file of format ${format}`)
  }
  return new Map(Object.entries(content.records).map(([key, record]) => [key, JSON.stringify(record)]))
}

function parse(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // Without the cause: the message of a SyntaxError quotes the file, which holds secrets.
    throw new FileStoreError('corrupt', path, 'not JSON in UTF-8')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Replaces the file: at no time is there a half of it, and when this resolves, a power failure cannot undo it.
 *
 * @param nonce 22 characters for the name of the temporary file
 * @param mayReplace called when all but the replacement is done; throws to prevent it
 */
export async function writeRecords(
  path: string,
  records: RecordTexts,
  files: FileSystem,
  nonce: string,
  mayReplace: () => Promise<void>,
): Promise<void> {
  const written = `${path}.${nonce}.tmp`
  try {
    const file = await files.open(written, 'wx', 0o600)
    try {
      await file.writeFile(serialize(records))
      // Before the rename, or a power failure could leave the new name with none of the content.
      await file.sync()
    } finally {
      await file.close()
    }
    await mayReplace()
    await files.rename(written, path)
  } catch (error) {
    // What cannot be removed now is removed by the next start.
    await removeFile(files, written).catch(() => {})
    throw error
  }
  await syncDirectory(dirname(path), files)
}

/** One record a line, for people. Composed of texts, because `__proto__` may be a key. */
function serialize(records: RecordTexts): string {
  const lines = Array.from(records, ([key, text]) => `${JSON.stringify(key)}:${text}`)
  return `{"format":${format},"records":{\n${lines.join(',\n')}\n}}\n`
}

async function syncDirectory(path: string, files: FileSystem): Promise<void> {
  // Windows opens no directories; its file systems write names in order by themselves.
  if (process.platform === 'win32') return
  const directory = await files.open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Removes what crashes left beside the file. Only for who holds the lock. */
export async function removeLeftovers(path: string, files: FileSystem): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)]
  for (const entry of await files.readdir(folder)) {
    if (entry.startsWith(name) && temporary.test(entry.slice(name.length))) await removeFile(files, join(folder, entry))
  }
}
