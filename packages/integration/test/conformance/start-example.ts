import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import type { Target } from './targets.js'

/** A program of examples/ as a user would run it, on the built packages. */
export interface Example {
  /** A folder of its own, which is removed when the test ends. */
  readonly folder: string
  /** Starts it; killed when the test ends, at the latest. */
  start(settings?: NodeJS.ProcessEnv): ChildProcessByStdio<null, Readable, null>
}

/** Makes a program ready to run with an account of a target; more settings can be given each time. */
export async function exampleOn(target: Target, name: string, { jid, password }: Account): Promise<Example> {
  const program = fileURLToPath(new URL(`../../../../examples/${name}/${name}.mjs`, import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), `couplet-${name}-`))
  onTestFinished(() => rm(folder, { recursive: true }))
  const ca = join(folder, 'ca.crt')
  await writeFile(ca, target.ca)
  const own = {
    XMPP_JID: jid,
    XMPP_PASSWORD: password,
    XMPP_SERVICE: target.service('xmpps'),
    NODE_EXTRA_CA_CERTS: ca,
  }
  return {
    folder,
    start(settings = {}) {
      const child = spawn(process.execPath, [program], {
        env: { ...process.env, ...own, ...settings },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    },
  }
}

/** The line with which a program says that it is online. @throws Error if it ends without */
export async function onlineLine({ stdout }: { readonly stdout: Readable }): Promise<string> {
  for await (const line of createInterface({ input: stdout })) if (line.startsWith('online as ')) return line
  throw new Error('it did not come online')
}
