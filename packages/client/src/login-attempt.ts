import { within } from './deadline.js'
import { type Visit, type WalkOptions, walk } from './endpoint-walk.js'
import type { Login } from './login.js'
import type { Connection } from './transport.js'

/** Milliseconds that one attempt may take, with all its phases and endpoints. */
const attemptLimit = 90_000

/**
 * @internal One attempt of whatever kind: goes from endpoint to endpoint, with a limit for all of it.
 *
 * @param visit logs in on a connection; leaves nothing open if it fails or its signal aborts
 */
export async function attemptLogin<T extends Pick<Login, 'stream'> = Login>(
  options: WalkOptions,
  visit: (connection: Connection, signal: AbortSignal) => Promise<Visit<T>>,
  signal: AbortSignal,
): Promise<T> {
  const attempt = new AbortController()
  const stop = (): void => attempt.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const login = walk(options, (connection) => visit(connection, attempt.signal), attempt.signal)
  try {
    return await within('stream', attemptLimit, attempt.signal, login)
  } catch (error) {
    attempt.abort(error) // whatever still runs for this attempt ends with it
    login.then(({ stream }) => stream.connection.destroy()).catch(() => {}) // it was given up just when it succeeded
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
