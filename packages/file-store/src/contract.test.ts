import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type StateStoreSubject, stateStoreContract } from '@couplet/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { CrashingFiles } from '../test/crashing-files.js'
import { RestartingProcess } from '../test/restarting-process.js'
import { SimulatedDisk, type UnsyncedNames } from '../test/simulated-disk.js'
import { nodeFiles } from './file-system.js'

const folder = mkdtempSync(join(tmpdir(), 'couplet-file-store-'))
afterAll(() => rmSync(folder, { recursive: true }))

function onRealDisk(): StateStoreSubject {
  const system = new RestartingProcess()
  const files = new CrashingFiles(nodeFiles)
  const path = join(folder, 'state.json')
  return {
    open: async () => system.start(path, files),
    reopen: async () => {
      files.crashAt(Number.POSITIVE_INFINITY)
      return system.start(path, files)
    },
    crashAt: (point) => files.crashAt(point),
    wipe: async () => {
      files.crashAt(Number.POSITIVE_INFINITY)
      for (const name of readdirSync(folder)) rmSync(join(folder, name))
    },
  }
}

function onFailingPower(names: UnsyncedNames, disk = new SimulatedDisk()): StateStoreSubject {
  const system = new RestartingProcess()
  const files = new CrashingFiles(disk)
  return {
    open: async () => system.start('/state/file.json', files),
    reopen: async () => {
      disk.failPower(names)
      files.crashAt(Number.POSITIVE_INFINITY)
      return system.start('/state/file.json', files)
    },
    crashAt: (point) => files.crashAt(point),
    wipe: async () => {
      disk.erase()
      files.crashAt(Number.POSITIVE_INFINITY)
    },
  }
}

describe('the process dies', () => {
  test.each(stateStoreContract(onRealDisk()))('$name', ({ check }) => check())
})

describe('the power fails, new names are lost', () => {
  test.each(stateStoreContract(onFailingPower('lost')))('$name', ({ check }) => check())
})

describe('the power fails, new names are kept and contents lost', () => {
  test.each(stateStoreContract(onFailingPower('kept')))('$name', ({ check }) => check())
})

async function failures(subject: StateStoreSubject): Promise<string[]> {
  const found: string[] = []
  for (const { name, check } of stateStoreContract(subject)) await check().catch(() => found.push(name))
  return found
}

describe('each sync is needed', () => {
  test('on a disk that does not sync contents, a restart loses them', async () => {
    expect(await failures(onFailingPower('kept', new SimulatedDisk('file')))).toContain('records outlast a restart')
  })

  test('on a disk that does not sync names, a restart loses them', async () => {
    expect(await failures(onFailingPower('lost', new SimulatedDisk('directory')))).toContain(
      'records outlast a restart',
    )
  })
})
