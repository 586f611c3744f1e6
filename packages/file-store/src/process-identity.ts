import { readFile } from 'node:fs/promises'

/** Who holds a lock, and whether somebody who holds one is still there. */
export interface LockOwner {
  /** This process, without white space. */
  identity(): Promise<string>
  /** Whether the process of this identity runs. */
  isAlive(identity: string): Promise<boolean>
}

const unknownStart = '0'

/** The running processes of this machine. */
export const processOwner: LockOwner = {
  identity: () => identityOf(process.pid),
  isAlive,
}

/** Process id and, where `/proc` tells, start time: ids are used again, and in a container they are always the same. */
export async function identityOf(pid: number): Promise<string> {
  return `${pid}.${(await processStat(pid))?.start ?? unknownStart}`
}

async function isAlive(identity: string): Promise<boolean> {
  const [, id, start] = /^(\d+)\.(\d+)$/.exec(identity) ?? []
  const pid = Number(id)
  if (!(pid > 0) || !signalReaches(pid)) return false
  const found = await processStat(pid)
  if (found === undefined) return true
  // A zombie takes signals, but will never write again.
  return !/^[ZX]/.test(found.state) && (start === unknownStart || found.start === start)
}

function signalReaches(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** State letter and start time in clock ticks since boot; see proc(5). */
async function processStat(pid: number): Promise<{ state: string; start: string } | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses, which may contain anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state, start] = [fields[0], fields[19]]
    return state && start ? { state, start } : undefined
  } catch {
    return undefined
  }
}
