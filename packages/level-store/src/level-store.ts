import { processClaims, type StateChange, type StateRecord, type StateStore } from '@couplet/client'
import { LevelStoreError } from './level-store-error.js'

/** Keys and values are text, whatever the database was opened with. */
export interface LevelEncodings {
  /** For keys. */
  readonly keyEncoding: 'utf8'
  /** For values. */
  readonly valueEncoding: 'utf8'
}

/** One entry of a batch, as `abstract-level` takes it. */
export type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string }

/** What is needed of a database: all of `level`, `classic-level`, `memory-level` and their sublevels have it. */
export interface LevelDatabase {
  /** Reads one entry; an absent one is `undefined`, or a rejection with the code `LEVEL_NOT_FOUND`. */
  get(key: string, options: LevelEncodings): Promise<string | undefined>
  /** Applies all operations or none. `sync`: not before they would survive a power failure. */
  batch(operations: LevelOperation[], options: LevelEncodings & { readonly sync: boolean }): Promise<void>
}

const encodings: LevelEncodings = { keyEncoding: 'utf8', valueEncoding: 'utf8' }

/** Of each database, as two stores of one have the same state. */
const claimsOf = new WeakMap<LevelDatabase, NonNullable<StateStore['claim']>>()

/**
 * Keeps state in a database of the `level` family, which remains the caller's to open and close. All methods reject
 * with {@link LevelStoreError}.
 *
 * Claims are made within this process, for each database object: the database itself keeps other processes out.
 *
 * @param database a whole database, or a sublevel to share one: `levelStore(db.sublevel('xmpp'))`
 */
export function levelStore(database: LevelDatabase): StateStore {
  const claim = claimsOf.get(database) ?? processClaims()
  claimsOf.set(database, claim)
  let waiting = new Map<string, string | undefined>()
  let nextWrite: Promise<void> | undefined
  let lastWrite: Promise<void> = Promise.resolve()
  const write = async (): Promise<void> => {
    const operations = Array.from(waiting, ([key, value]) => operation(key, value))
    waiting = new Map()
    nextWrite = undefined
    await explained(() => database.batch(operations, { ...encodings, sync: true }))
  }
  return {
    claim,
    async get(key) {
      const text = await explained(() => read(database, storedKey(key)))
      return text === undefined ? undefined : parse(text)
    },
    async batch(changes: readonly StateChange[]) {
      const texts = changes.map(({ key, record }) => [storedKey(key), record && JSON.stringify(record)] as const)
      if (texts.length === 0) return
      for (const [key, text] of texts) waiting.set(key, text)
      if (nextWrite === undefined) {
        // One after the other, as a database may overtake itself; those that come in the meantime share the next write.
        nextWrite = lastWrite.then(write)
        lastWrite = nextWrite.catch(() => {})
      }
      await nextWrite
    },
  }
}

/** In JSON, because in UTF-8 all unpaired surrogates are the same character. */
function storedKey(key: string): string {
  return JSON.stringify(key)
}

function operation(key: string, value: string | undefined): LevelOperation {
  return value === undefined ? { type: 'del', key } : { type: 'put', key, value }
}

async function read(database: LevelDatabase, key: string): Promise<string | undefined> {
  try {
    return await database.get(key, encodings)
  } catch (error) {
    // Before abstract-level 2.
    if (error instanceof Error && (error as { code?: unknown }).code === 'LEVEL_NOT_FOUND') return undefined
    throw error
  }
}

function parse(text: string): StateRecord {
  try {
    return JSON.parse(text) as StateRecord
  } catch {
    // Without the cause and the key: they may quote what is stored.
    throw new LevelStoreError('corrupt', 'an entry of the database is not JSON')
  }
}

async function explained<Value>(step: () => Promise<Value>): Promise<Value> {
  try {
    return await step()
  } catch (error) {
    throw new LevelStoreError('io', 'the database failed', error)
  }
}
