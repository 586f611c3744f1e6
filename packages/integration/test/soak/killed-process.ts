import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** Starts a script of `soak/` with its options; it ends with the test. It runs built packages, as users have them. */
export function startScript(name: string, options: object, onReport: (report: never) => void): ChildProcess {
  const script = fileURLToPath(new URL(`../../soak/${name}`, import.meta.url))
  const child = fork(script, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child.on('message', onReport as (report: unknown) => void)
}

/** Waits for what a process reports. @throws Error if it ends instead */
export async function nextReport(child: ChildProcess): Promise<void> {
  const stop = new AbortController()
  const ended = once(child, 'exit', { signal: stop.signal }).then(() => {
    throw new Error('the client ended')
  })
  try {
    await Promise.race([once(child, 'message', { signal: stop.signal }), ended])
  } finally {
    ended.catch(() => {})
    stop.abort()
  }
}

/** Kills a process in the middle of whatever it does. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** The numbers in a log of it: logs know better than reports, of which the last are lost with the process. */
export async function numbersIn(folder: string, name: string): Promise<number[]> {
  return (await readFile(join(folder, name), 'utf8')).split('\n').filter(Boolean).map(Number)
}
