import { ConnectionError, type ConnectionPhase } from './connection-error.js'
import { unlessAborted } from './unless-aborted.js'

/**
 * A time limit, which begins now.
 *
 * @param error what `reached` rejects with
 */
export function timeLimit(ms: number, error: () => Error): { readonly reached: Promise<never>; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  const reached = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), ms)
  })
  return { reached, cancel: () => clearTimeout(timer) }
}

/**
 * A promise with a deadline, which also ends when the signal aborts. The work itself is not stopped by either: the
 * caller closes the connection it works on.
 *
 * @throws ConnectionError `timeout` naming the phase
 */
export async function within<T>(phase: ConnectionPhase, ms: number, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const limit = timeLimit(ms, () => new ConnectionError(phase, 'timeout', `nothing for ${ms / 1000} s`))
  work.catch(() => {}) // it may still fail when nobody waits for it any more
  try {
    return await unlessAborted(Promise.race([work, limit.reached]), signal)
  } finally {
    limit.cancel()
  }
}
