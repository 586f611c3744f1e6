import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serverFile } from './driver.js'
import { startGuard } from './guard.js'
import { spawnGroup } from './process-group.js'
import { waitUntil } from './wait-until.js'

const startSleeper = (folder: string) =>
  // A shell with a child: the whole group has to go, not only its leader. It ignores SIGTERM.
  spawnGroup({ file: '/bin/sh', args: ['-c', "trap '' TERM; sleep 1000; true"] }, join(folder, 'log'))

test('the guard kills what it was told of when its pipe closes, and deletes the folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'couplet-lab-'))
  const sleepers = await Promise.all([startSleeper(folder), startSleeper(folder)])
  const guard = spawn('/bin/sh', [serverFile('guard.sh'), folder], { stdio: ['pipe', 'ignore', 'ignore'] })
  guard.stdin.write(sleepers.map(({ id }) => `start ${id}\n`).join(''))
  guard.stdin.write(`stop ${sleepers[1]!.id}\n`)
  guard.stdin.end() // as the kernel does for a process that has been killed
  await once(guard, 'exit')
  await waitUntil(() => !sleepers[0]!.alive(), { what: 'the sleeper is gone', deadlineMs: 5000 })
  expect(sleepers.map((sleeper) => sleeper.alive())).toEqual([false, true])
  expect(existsSync(folder)).toBe(false)
  await sleepers[1]!.stop(0)
})

test('stop() kills a group that ignores SIGTERM', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'couplet-lab-'))
  const guard = await startGuard(folder)
  const sleeper = await startSleeper(folder)
  guard.started(sleeper.id)
  expect(sleeper.alive()).toBe(true)
  await sleeper.stop(50)
  expect(sleeper.alive()).toBe(false)
  await guard.quit()
  expect(existsSync(folder)).toBe(false)
})
