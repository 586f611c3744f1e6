import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RestartingProcess } from '../test/restarting-process.js'
import { fileStore } from './file-store.js'
import { nodeFiles } from './file-system.js'
import { identityOf, processOwner } from './process-identity.js'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'couplet-file-lock-'))
  path = join(folder, 'state.json')
})

afterEach(() => rmSync(folder, { recursive: true }))

const change = { key: 'a', record: { version: 1, value: 1 } }

describe('the lock', () => {
  test('keeps a second store of the same process out, until the first is closed', async () => {
    const first = fileStore(path)
    await first.batch([change])
    await using second = fileStore(path)
    const locked = { name: 'FileStoreError', code: 'locked', retry: 'user' }
    await expect(second.get('a')).rejects.toMatchObject(locked)
    await expect(second.batch([change])).rejects.toMatchObject(locked)
    await first.close()
    expect(await second.get('a')).toEqual(change.record)
  })

  test('of a running process keeps us out, and says which; of an ended one does not', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'inherit'] })
    await once(child, 'spawn')
    writeFileSync(`${path}.lock`, `${await identityOf(child.pid as number)} AAAAAAAAAAAAAAAAAAAAAA\n`)
    await using store = fileStore(path)
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringMatching(`process ${child.pid} .*state.json.lock`),
    })
    child.stdin.end()
    await once(child, 'exit')
    expect(await store.get('a')).toBeUndefined()
  })

  test.each([
    '',
    '\n',
    'rubbish',
    ...['-1.0', '0.0', 'x', '99999999999999999999.0'].map((id) => `${id} AAAAAAAAAAAAAAAAAAAAAA\n`),
  ])('with the content %j is nobody’s', async (content) => {
    writeFileSync(`${path}.lock`, content)
    await using store = fileStore(path)
    await store.batch([change])
    expect(readFileSync(`${path}.lock`, 'utf8')).toMatch(new RegExp(`^${process.pid}\\.\\d+ [\\w-]{22}\\n$`))
  })

  test('that its process had not finished writing is nobody’s', async () => {
    writeFileSync(`${path}.lock`, `${await processOwner.identity()} AAAAAAAA`)
    await using store = fileStore(path)
    expect(await store.get('a')).toBeUndefined()
  })

  test('once lost, the store writes no more, and leaves the new lock alone', async () => {
    const system = new RestartingProcess()
    const older = system.start(path, nodeFiles)
    await older.batch([change])
    const newer = system.start(path, nodeFiles)
    await newer.batch([{ key: 'a', record: { version: 1, value: 'newer' } }])
    const written = readFileSync(path, 'utf8')
    const lock = readFileSync(`${path}.lock`, 'utf8')
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(older.batch([change])).rejects.toMatchObject({ code: 'lock-lost', retry: 'no' })
    }
    await older.close()
    expect(readFileSync(path, 'utf8')).toBe(written)
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe(lock)
    await newer.close()
    expect(existsSync(`${path}.lock`)).toBe(false)
  })

  test('that somebody removed is lost too', async () => {
    await using store = fileStore(path)
    await store.batch([change])
    unlinkSync(`${path}.lock`)
    await expect(store.batch([change])).rejects.toMatchObject({ code: 'lock-lost' })
  })

  test('of many stores that start at once, one gets it', async () => {
    writeFileSync(`${path}.lock`, '0.0 AAAAAAAAAAAAAAAAAAAAAA\n')
    const stores = Array.from({ length: 20 }, () => fileStore(path))
    await Promise.allSettled(stores.map((store) => store.get('a')))
    const written = await Promise.allSettled(stores.map((store) => store.batch([change])))
    expect(written.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await Promise.all(stores.map((store) => store.close()))
    expect(existsSync(`${path}.lock`)).toBe(false)
  })
})

describe('process identity', () => {
  test('we are alive', async () => {
    expect(await processOwner.isAlive(await processOwner.identity())).toBe(true)
  })

  test.skipIf(process.platform !== 'linux')('a process id that was used again is another process', async () => {
    const [pid, start] = (await processOwner.identity()).split('.')
    expect(Number(start)).toBeGreaterThan(0)
    expect(await processOwner.isAlive(`${pid}.${Number(start) - 1}`)).toBe(false)
    expect(await processOwner.isAlive(`${pid}.0`)).toBe(true)
  })
})
