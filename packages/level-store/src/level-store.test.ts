import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StateChange } from '@couplet/client'
import { type StateStoreSubject, stateStoreContract } from '@couplet/testing'
import { Level } from 'level'
import { afterAll, describe, expect, test } from 'vitest'
import { type LevelDatabase, type LevelOperation, levelStore } from './level-store.js'

const folder = mkdtempSync(join(tmpdir(), 'couplet-level-store-'))
const opened = new Set<Level>()

afterAll(async () => {
  for (const db of opened) await db.close()
  rmSync(folder, { recursive: true })
})

let names = 0

async function openLevel(path = join(folder, `${names++}`)): Promise<Level> {
  const db = new Level(path)
  await db.open()
  opened.add(db)
  return db
}

async function closeLevel(db: Level | undefined): Promise<void> {
  if (db === undefined) return
  await db.close()
  opened.delete(db)
}

function put(key: string, value: unknown): StateChange {
  return { key, record: { version: 1, value } }
}

/** Bytes between two crash points. */
const stride = 7

/**
 * LevelDB appends batches to a log, so a crash leaves a log that was cut off: this one cuts it at every few bytes of what
 * a batch added.
 */
function cutLog(): StateStoreSubject {
  const path = join(folder, 'cut')
  let db: Level | undefined
  let point = 0
  let cut: { file: string; size: number } | undefined
  const log = (): { file: string; size: number } => {
    const file = join(path, readdirSync(path).find((name) => name.endsWith('.log')) as string)
    return { file, size: statSync(file).size }
  }
  const start = async () => {
    db = await openLevel(path)
    const real: LevelDatabase = db
    return levelStore({
      get: (key, options) => real.get(key, options),
      batch: async (operations, options) => {
        if (cut !== undefined) throw new Error('the process is dead')
        const before = log()
        await real.batch(operations, options)
        if (point === 0) return
        const size = before.size + (point - 1) * stride
        point -= Math.ceil((log().size - before.size) / stride)
        if (point > 0) return
        cut = { file: before.file, size }
        throw new Error('crash')
      },
    })
  }
  const stop = async () => {
    await closeLevel(db)
    db = undefined
    if (cut !== undefined) truncateSync(cut.file, cut.size)
    cut = undefined
    point = 0
  }
  return {
    open: start,
    reopen: async () => {
      await stop()
      return start()
    },
    crashAt: (wanted) => {
      point = wanted
    },
    wipe: async () => {
      await stop()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

describe('in LevelDB, whose log is cut off by crashes', () => {
  test.each(stateStoreContract(cutLog()))('$name', ({ check }) => check())
})

describe('in a sublevel of a database of another encoding', async () => {
  const path = join(folder, 'shared')
  let db: Level<string, unknown> | undefined
  const start = async () => {
    db = new Level<string, unknown>(path, { valueEncoding: 'json' })
    return levelStore(db.sublevel('xmpp'))
  }
  const subject: StateStoreSubject = {
    open: start,
    reopen: async () => {
      await db?.close()
      return start()
    },
    wipe: async () => {
      await db?.close()
      rmSync(path, { recursive: true, force: true })
    },
  }
  test.each(stateStoreContract(subject))('$name', ({ check }) => check())
})

/** A database that keeps the calls it gets. */
function recording(get: LevelDatabase['get'] = async () => undefined) {
  const batches: { operations: LevelOperation[]; sync: boolean }[] = []
  let fail: Error | undefined
  const database: LevelDatabase = {
    get,
    batch: async (operations, { sync }) => {
      batches.push({ operations, sync })
      if (fail !== undefined) throw fail
    },
  }
  return {
    batches,
    database,
    failWith: (error: Error | undefined) => {
      fail = error
    },
  }
}

describe('the database', () => {
  test('is asked to sync, once for all batches that wait, with one operation per key', async () => {
    const { batches, database } = recording()
    const store = levelStore(database)
    await Promise.all([
      store.batch([put('a', 1), put('b', 1)]),
      store.batch([put('a', 2), { key: 'b', record: undefined }]),
    ])
    expect(batches).toEqual([
      {
        operations: [
          { type: 'put', key: '"a"', value: '{"version":1,"value":2}' },
          { type: 'del', key: '"b"' },
        ],
        sync: true,
      },
    ])
  })

  test('is never given two batches at a time', async () => {
    const { batches, database } = recording()
    let running = 0
    const gate: (() => void)[] = []
    const store = levelStore({
      ...database,
      batch: async (operations, options) => {
        expect(++running).toBe(1)
        await new Promise<void>((resolve) => gate.push(resolve))
        running--
        await database.batch(operations, options)
      },
    })
    const first = store.batch([put('a', 1)])
    await Promise.resolve()
    const others = [store.batch([put('a', 2)]), store.batch([put('a', 3)])]
    gate[0]?.()
    await first
    await Promise.resolve()
    gate[1]?.()
    await Promise.all(others)
    expect(batches.map(({ operations }) => operations)).toEqual([
      [{ type: 'put', key: '"a"', value: '{"version":1,"value":1}' }],
      [{ type: 'put', key: '"a"', value: '{"version":1,"value":3}' }],
    ])
  })

  test('may fail, and the next batch goes on', async () => {
    const { batches, database, failWith } = recording()
    const store = levelStore(database)
    const cause = new Error('disk full')
    failWith(cause)
    const refused = { name: 'LevelStoreError', code: 'io', retry: 'backoff', cause }
    await expect(store.batch([put('a', 1)])).rejects.toMatchObject(refused)
    failWith(undefined)
    await store.batch([put('b', 1)])
    expect(batches.at(-1)?.operations).toEqual([{ type: 'put', key: '"b"', value: '{"version":1,"value":1}' }])
  })

  test('of an old release rejects for an absent entry', async () => {
    const absent = Object.assign(new Error('not found'), { code: 'LEVEL_NOT_FOUND' })
    const { database } = recording(() => Promise.reject(absent))
    expect(await levelStore(database).get('a')).toBeUndefined()
    const broken = recording(() => Promise.reject(new Error('gone')))
    await expect(levelStore(broken.database).get('a')).rejects.toMatchObject({ code: 'io' })
  })

  test('with an entry that is not ours says so, and not what it is', async () => {
    const store = levelStore(recording(async () => 's3cret').database)
    const error = await store.get('a').catch((reason) => reason)
    expect(error).toMatchObject({ name: 'LevelStoreError', code: 'corrupt', retry: 'user' })
    expect(error.cause).toBeUndefined()
    expect(String(error)).not.toContain('s3cret')
  })

  test('that is closed is an error', async () => {
    const db = await openLevel()
    const store = levelStore(db)
    await closeLevel(db)
    await expect(store.get('a')).rejects.toMatchObject({ code: 'io', cause: { code: 'LEVEL_DATABASE_NOT_OPEN' } })
    await expect(store.batch([put('a', 1)])).rejects.toMatchObject({ code: 'io' })
  })
})

test('two stores of one database have the same claims', async () => {
  const [db, other] = [recording().database, recording().database]
  const release = await levelStore(db).claim?.('session')
  expect(release).toBeTypeOf('function')
  expect(await levelStore(db).claim?.('session')).toBeUndefined()
  expect(await levelStore(other).claim?.('session')).toBeTypeOf('function')
  release?.()
  expect(await levelStore(db).claim?.('session')).toBeTypeOf('function')
})
