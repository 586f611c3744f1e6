import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { waitUntil } from './wait-until.js'

/** Pid of the leader, which is also the id of its process group; all its children belong to the group. */
export interface ProcessGroup {
  readonly id: number
  /** False once every process of the group has ended. */
  alive(): boolean
  /** Freezes every process of the group; resolves when they are frozen. */
  pause(): Promise<void>
  /** Ends {@link ProcessGroup.pause}. */
  resume(): void
  /** SIGTERM, and SIGKILL after `graceMs`. Resolves when nothing of the group runs any more. */
  stop(graceMs: number): Promise<void>
}

/** What {@link spawnGroup} starts. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** The state and the process group in a line of /proc/PID/stat; the command name in between may contain anything. */
const stateAndGroup = /^\d+ \(.*\) (\S) \d+ (\d+) /s

/** States of the group's processes. One that has ended but was not yet collected by its parent (a zombie) has none. */
const states = (id: number): string[] =>
  readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      const [, state, group] = stateAndGroup.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? []
      return state && Number(group) === id && state !== 'Z' && state !== 'X' ? [state] : []
    } catch {
      return [] // it ended since readdir
    }
  })

const spawned = async (command: Command, logFile: string): Promise<ChildProcess> => {
  const log = openSync(logFile, 'a')
  try {
    const child = spawn(command.file, command.args, {
      detached: true, // a group of its own: Ctrl-C in the terminal does not reach it, one signal reaches all of it
      stdio: ['ignore', log, log],
      env: { ...process.env, ...command.env },
    })
    await once(child, 'spawn')
    child.unref() // the guard ends it if nobody else does
    return child
  } finally {
    closeSync(log)
  }
}

const signalGroup = (id: number, signal: NodeJS.Signals) => {
  try {
    process.kill(-id, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // there is none left
  }
}

const stopGroup = async (id: number, graceMs: number) => {
  signalGroup(id, 'SIGTERM')
  signalGroup(id, 'SIGCONT') // a paused process would not see the other one
  const gone = () => states(id).length === 0
  try {
    await waitUntil(gone, { what: `process group ${id} ends`, deadlineMs: graceMs, everyMs: 10 })
  } catch {
    signalGroup(id, 'SIGKILL')
    await waitUntil(gone, { what: `process group ${id} ends by SIGKILL`, deadlineMs: 5000, everyMs: 10 })
  }
}

/** Starts a process in a group of its own, output to `logFile`. Rejects if the file cannot be executed. */
export const spawnGroup = async (command: Command, logFile: string): Promise<ProcessGroup> => {
  const id = (await spawned(command, logFile)).pid!
  return {
    id,
    alive: () => states(id).length > 0,
    pause: async () => {
      signalGroup(id, 'SIGSTOP')
      const frozen = () => states(id).every((state) => state === 'T')
      await waitUntil(frozen, { what: `process group ${id} is frozen`, deadlineMs: 5000, everyMs: 5 })
    },
    resume: () => signalGroup(id, 'SIGCONT'),
    stop: (graceMs) => stopGroup(id, graceMs),
  }
}
