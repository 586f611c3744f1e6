import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../servers/guard.sh', import.meta.url))

/** Sees to it that nothing of a lab survives this process, however it ends. */
export interface Guard {
  /** From now on the process group dies with this process. */
  started(group: number): void
  /** The process group has ended: its number may be given to somebody else. */
  stopped(group: number): void
  /** True once the guard is at work: nothing may be started any more. */
  ended(): boolean
  /** Kills what is left, deletes the lab's folder, and ends the guard. */
  quit(): Promise<void>
}

/**
 * Starts the guard: a small shell process that holds the other end of a pipe. Exit handlers of our own would miss
 * `kill -9`, a crash, and test runners that exit without telling; the kernel closing a pipe misses nothing.
 */
export const startGuard = async (folder: string): Promise<Guard> => {
  const child = spawn('/bin/sh', [script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  await once(child, 'spawn')
  child.unref()
  child.stdin.on('error', () => undefined) // it was killed by somebody; stop() still works without it
  const pipe = child.stdin as Socket // Node's pipes to children are sockets, though the types do not say so
  pipe.unref()
  // A test worker outlives its runner by a few seconds; its servers need not.
  const orphaned = () => void child.stdin.end()
  process.once('disconnect', orphaned)
  return {
    started: (group) => void child.stdin.write(`start ${group}\n`),
    stopped: (group) => void child.stdin.write(`stop ${group}\n`),
    ended: () => child.stdin.writableEnded,
    quit: async () => {
      process.off('disconnect', orphaned)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.ref()
      const exited = once(child, 'exit')
      child.stdin.end('quit\n')
      await exited
    },
  }
}
