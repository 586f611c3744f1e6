import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StateChange } from '@couplet/client'
import { XmppError } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CrashingFiles } from '../test/crashing-files.js'
import { RestartingProcess } from '../test/restarting-process.js'
import { SimulatedDisk } from '../test/simulated-disk.js'
import { fileStore } from './file-store.js'
import { nodeFiles } from './file-system.js'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'couplet-file-store-'))
  path = join(folder, 'state.json')
})

afterEach(() => rmSync(folder, { recursive: true }))

function put(key: string, value: unknown): StateChange {
  return { key, record: { version: 1, value } }
}

/** A store whose file operations can be made to fail. */
function failing() {
  const files = new CrashingFiles(nodeFiles)
  const system = new RestartingProcess()
  return { files, system, store: system.start(path, files) }
}

describe('the file', () => {
  test('is JSON that people can read', async () => {
    await using store = fileStore(path)
    await store.batch([put('a/roster', { ver: 'x' }), put('__proto__', [])])
    const text =
      '{"format":1,"records":{\n"a/roster":{"version":1,"value":{"ver":"x"}},\n"__proto__":{"version":1,"value":[]}\n}}\n'
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test.skipIf(process.platform === 'win32')('and its lock are for their owner only, whatever they were', async () => {
    writeFileSync(path, '{"format":1,"records":{}}')
    chmodSync(path, 0o644)
    await using store = fileStore(path)
    await store.batch([put('token', 'secret')])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(`${path}.lock`).mode & 0o777).toBe(0o600)
  })

  test('is not touched before the store is used, nor written for nothing', async () => {
    const store = fileStore(path)
    await store.batch([])
    expect(readdirSync(folder)).toEqual([])
    expect(await store.get('a')).toBeUndefined()
    expect(readdirSync(folder)).toEqual(['state.json.lock'])
    await store.close()
    expect(readdirSync(folder)).toEqual([])
  })

  test('is found again after the program changed its folder', async () => {
    const before = process.cwd()
    process.chdir(folder)
    const store = fileStore('state.json')
    process.chdir(before)
    await store.batch([put('a', 1)])
    await store.close()
    expect(readdirSync(folder)).toEqual(['state.json'])
  })

  test('leftovers of crashes are removed, other files are not', async () => {
    const others = [
      'state.json.tmp',
      'state.json.backup.tmp',
      'other.json.AAAAAAAAAAAAAAAAAAAAAA.tmp',
      'state.json.bak',
    ]
    for (const name of [...others, 'state.json.AAAAAAAAAAAAAAAAAAAA-_.tmp']) writeFileSync(join(folder, name), 'half')
    const store = fileStore(path)
    await store.batch([put('a', 1)])
    await store.close()
    expect(readdirSync(folder).sort()).toEqual([...others, 'state.json'].sort())
  })

  test('batches that come together share a write', async () => {
    const { files, store } = failing()
    await store.get('a')
    files.crashAt(Number.POSITIVE_INFINITY)
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.batch([put(`key/${index}`, index)])))
    expect(files.operations.filter((name) => name === 'rename')).toHaveLength(1)
    expect(await store.get('key/99')).toEqual({ version: 1, value: 99 })
  })
})

describe('a file that is not ours', () => {
  test.each([
    ['empty', ''],
    ['cut off', '{"format":1,"records":{"a":{"version":1,"value":"s3cret"'],
    ['not UTF-8', Buffer.from('7b22666f726d6174223a312c227265636f726473223a7b22ff223a317d7d', 'hex')],
    ['of a later format', '{"format":2,"records":{}}'],
    ['an array', '[]'],
    ['without records', '{"format":1,"records":[]}'],
  ])('%s, is left alone', async (_, content) => {
    writeFileSync(path, content)
    await using store = fileStore(path)
    await expect(store.get('a')).rejects.toMatchObject({ name: 'FileStoreError', code: 'corrupt', retry: 'user', path })
    const error = await store.batch([put('a', 1)]).catch((reason) => reason)
    expect(XmppError.is(error)).toBe(true)
    expect(`${error} ${error.cause}`).not.toContain('s3cret')
    expect(readFileSync(path)).toEqual(Buffer.from(content))
  })

  test('once repaired, the same store goes on', async () => {
    writeFileSync(path, 'oops')
    await using store = fileStore(path)
    await expect(store.get('a')).rejects.toMatchObject({ code: 'corrupt' })
    writeFileSync(path, '{"format":1,"records":{"a":{"version":3,"value":"x"}}}')
    expect(await store.get('a')).toEqual({ version: 3, value: 'x' })
  })
})

describe('when the system says no', () => {
  test('a folder that is not there is an error that passes', async () => {
    const missing = join(folder, 'sub')
    await using store = fileStore(join(missing, 'state.json'))
    const refused = { code: 'io', retry: 'backoff', message: expect.stringContaining('the folder does not exist') }
    await expect(store.batch([put('a', 1)])).rejects.toMatchObject(refused)
    mkdirSync(missing)
    await store.batch([put('a', 2)])
    expect(await store.get('a')).toEqual({ version: 1, value: 2 })
  })

  test('at any operation, what the store says afterwards is what the file says', async () => {
    for (let point = 1; ; point++) {
      rmSync(path, { force: true })
      rmSync(`${path}.lock`, { force: true })
      const { files, store } = failing()
      await store.batch([put('a', 'old')])
      files.crashAt(point)
      const failed = await store.batch([put('a', 'new')]).then(
        () => undefined,
        (error) => error,
      )
      files.crashAt(Number.POSITIVE_INFINITY)
      if (failed === undefined) break
      expect(failed).toMatchObject({ code: 'io' })
      expect(await store.get('a')).toEqual(JSON.parse(readFileSync(path, 'utf8')).records.a)
      await store.batch([put('b', 'later')])
      expect(await store.get('b')).toEqual({ version: 1, value: 'later' })
      await store.close()
    }
  })

  test('at any operation of the start, the same store and a restarted one go on', async () => {
    const { files, system } = failing()
    for (let point = 1; ; point++) {
      writeFileSync(`${path}.lock`, '0.0 AAAAAAAAAAAAAAAAAAAAAA\n')
      writeFileSync(`${path}.AAAAAAAAAAAAAAAAAAAAAA.tmp`, 'half')
      const store = system.start(path, files)
      files.crashAt(point)
      const failed = await store.get('a').then(
        () => false,
        () => true,
      )
      files.crashAt(Number.POSITIVE_INFINITY)
      expect(await store.get('a')).toBeUndefined()
      expect(await system.start(path, files).get('a')).toBeUndefined()
      if (!failed) break
    }
    expect(readdirSync(folder)).toEqual(['state.json.lock'])
  })

  test('a temporary file that cannot be removed is in nobody’s way', async () => {
    const disk = new SimulatedDisk()
    const files = new CrashingFiles(disk)
    const store = new RestartingProcess().start('/state/file.json', files)
    await store.batch([put('a', 1)])
    files.crashAt(3) // open and write succeed, sync and the removal do not
    await expect(store.batch([put('a', 2)])).rejects.toMatchObject({ code: 'io' })
    files.crashAt(Number.POSITIVE_INFINITY)
    await store.batch([put('a', 3)])
    expect(await store.get('a')).toEqual({ version: 1, value: 3 })
  })
})

describe('close', () => {
  test('waits for what is being written, and ends the store', async () => {
    const store = fileStore(path)
    const written = store.batch([put('a', 1)])
    await store.close()
    await written
    await expect(store.get('a')).rejects.toMatchObject({ code: 'closed', retry: 'no' })
    await expect(store.batch([])).rejects.toMatchObject({ code: 'closed' })
    await store.close()
    expect(readdirSync(folder)).toEqual(['state.json'])
  })

  test('of a store that never got its lock is fine', async () => {
    await using first = fileStore(path)
    await first.get('a')
    const second = fileStore(path)
    await expect(second.get('a')).rejects.toMatchObject({ code: 'locked' })
    await second.close()
    await first.batch([put('a', 1)])
  })
})

describe('claims', () => {
  test('need the lock of the file, and end with the store', async () => {
    const first = fileStore(path)
    expect(await first.claim?.('session')).toBeTypeOf('function')
    const second = fileStore(path)
    await expect(second.claim?.('session')).rejects.toMatchObject({ name: 'FileStoreError', code: 'locked' })
    await first.close()
    await expect(first.claim?.('session')).rejects.toMatchObject({ code: 'closed' })
    expect(await second.claim?.('session')).toBeTypeOf('function')
    await second.close()
  })
})
