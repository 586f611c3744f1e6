import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import type { Commands, Hooks } from './python-protocol.js'

const script = fileURLToPath(new URL('../../omemo/driver.py', import.meta.url))
/** Where Debian's packages are; the one in PATH may be another. */
const python = '/usr/bin/python3'
const packages = { omemo: 'python3-omemo', twomemo: 'python3-twomemo', oldmemo: 'python3-oldmemo', xmlschema: '' }

const missing = Object.keys(packages).filter((name) => !existsSync(`/usr/lib/python3/dist-packages/${name}`))

/** What is not installed, as a sentence for titles; empty if everything is there. */
export const whyNoPython =
  missing.length === 0 && existsSync(python)
    ? ''
    : ` (not installed: ${missing.map((name) => `python3-${name}`).join(', ') || python})`

/** What python-omemo did not want to do. */
export class PythonError extends Error {
  override readonly name = 'PythonError'
  /** The class of the exception. */
  readonly kind: string
  /** It and what caused it, outermost first. */
  readonly causes: readonly string[]

  constructor(failure: { readonly kind: string; readonly text: string; readonly causes: readonly string[] }) {
    super(`${failure.kind}: ${failure.text}`)
    this.kind = failure.kind
    this.causes = failure.causes
  }
}

/** One device inside the driver: carries out commands one after the other, in the order in which they were given. */
export type PythonPeer = <C extends keyof Commands>(command: C, value: Commands[C][0]) => Promise<Commands[C][1]>

/** A process with any number of devices. */
export interface PythonDriver {
  /** A device that asks `hooks` for what is done on a server. Its first command is `open`. */
  peer(hooks: Hooks): PythonPeer
  /** Ends the process; what waits for an answer of it rejects. */
  close(): Promise<void>
}

interface Waiting {
  resolve(value: never): void
  reject(error: Error): void
}

interface Line {
  readonly seq?: number
  readonly ask?: number
  readonly peer?: string
  readonly hook?: keyof Hooks
  readonly with?: never
  readonly value?: never
  readonly failure?: ConstructorParameters<typeof PythonError>[0]
}

/** Starts the driver, if it can, for this file of tests. It ends with the file of tests at the latest: its input is a pipe from this process. */
export const startPython = (): PythonDriver => {
  // Titles say why; what is skipped calls none of it.
  if (whyNoPython) return { peer: () => () => Promise.reject(new Error(whyNoPython)), close: async () => {} }
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const waiting = new Map<number, Waiting>()
  const hooksOf = new Map<string, Hooks>()
  let number = 0
  let complaints = ''
  let ended = false
  const write = (line: object): void => void child.stdin.write(`${JSON.stringify(line)}\n`)
  const answer = async ({ ask, peer, hook, with: value }: Line): Promise<void> => {
    try {
      const hooks = hooksOf.get(String(peer)) as unknown as Record<string, (value: unknown) => Promise<unknown>>
      const result = await hooks[String(hook)]?.(value)
      write({ ask, value: result ?? null })
    } catch (error) {
      write({ ask, failure: `${hook}: ${error}` })
    }
  }
  const settle = ({ seq = 0, failure, value }: Line): void => {
    const call = waiting.get(seq)
    waiting.delete(seq)
    if (failure) call?.reject(new PythonError(failure))
    else call?.resolve(value as never)
  }
  child.stdin.on('error', () => {}) // it has ended: `exited` tells
  child.stderr.on('data', (data) => {
    complaints = `${complaints}${data}`.slice(-2000)
  })
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line
    if (line.ask === undefined) settle(line)
    else void answer(line)
  })
  void exited.then(() => {
    ended = true
    for (const { reject } of waiting.values()) reject(new Error(`the driver has ended: ${complaints}`))
    waiting.clear()
  })
  const close = async (): Promise<void> => {
    child.stdin.end()
    await exited
  }
  afterAll(close)
  return {
    close,
    peer(hooks) {
      const peer = `p${hooksOf.size}`
      hooksOf.set(peer, hooks)
      return (command, value) =>
        new Promise((resolve, reject) => {
          if (ended) throw new Error(`the driver has ended: ${complaints}`)
          number++
          waiting.set(number, { resolve, reject })
          write({ seq: number, peer, do: command, with: value })
        })
    },
  }
}
