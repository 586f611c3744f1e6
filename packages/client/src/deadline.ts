import { ConnectionError, type ConnectionPhase } from './connection-error.js'

/**
 * A promise with a deadline, which also ends when the signal aborts. The work itself is not stopped by either: the
 * caller closes the connection it works on.
 *
 * @throws ConnectionError `timeout` naming the phase
 */
export async function within<T>(phase: ConnectionPhase, ms: number, signal: AbortSignal, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  let onAbort: (() => void) | undefined
  const limit = new Promise<never>((_, reject) => {
    if (signal.aborted) return reject(signal.reason)
    timer = setTimeout(() => reject(new ConnectionError(phase, 'timeout', `nothing for ${ms / 1000} s`)), ms)
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
    work.catch(() => {}) // it may still fail when nobody waits for it any more
  }
}
