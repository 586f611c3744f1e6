import { ConnectionError, type ConnectionPhase } from './connection-error.js'
import { unlessAborted } from './unless-aborted.js'

/**
 * A promise with a deadline, which also ends when the signal aborts. The work itself is not stopped by either: the
 * caller closes the connection it works on.
 *
 * @throws ConnectionError `timeout` naming the phase
 */
export async function within<T>(phase: ConnectionPhase, ms: number, signal: AbortSignal, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConnectionError(phase, 'timeout', `nothing for ${ms / 1000} s`)), ms)
  })
  work.catch(() => {}) // it may still fail when nobody waits for it any more
  try {
    return await unlessAborted(Promise.race([work, late]), signal)
  } finally {
    clearTimeout(timer)
  }
}
