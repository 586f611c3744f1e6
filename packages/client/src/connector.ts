import type { MechanismPolicy } from '@couplet/sasl'
import type { ParserLimits, StreamError } from '@couplet/stanza'
import type { Identity } from './client-options.js'
import { ConnectionError } from './connection-error.js'
import { within } from './deadline.js'
import type { Login, SessionRequest } from './login.js'
import { LoginMemory } from './login-memory.js'
import { Negotiation } from './negotiation.js'
import { memoryStore } from './state-store.js'
import type { Connection, Transport } from './transport.js'
import { XmppStream } from './xmpp-stream.js'

export type { Login } from './login.js'

/** Milliseconds that one attempt may take, with all its phases and endpoints. */
const attemptLimit = 90_000

/** What an attempt is made with. */
export interface AttemptOptions extends Identity {
  readonly transports: readonly Transport[]
  readonly policy: Omit<MechanismPolicy, 'secure'>
  readonly lang: string
  readonly limits: Partial<ParserLimits>
  /** What is remembered of earlier logins; default: nothing. */
  readonly memory?: LoginMemory
  /** What the login is to bring about; default: a new session. */
  readonly request?: SessionRequest
}

/**
 * One attempt: connect, negotiate, log in. Leaves nothing open if it fails.
 *
 * @throws ConnectionError, AuthenticationError, StreamError, StanzaError, or the signal's reason
 */
export async function logIn(options: AttemptOptions, signal: AbortSignal): Promise<Login> {
  const attempt = new AbortController()
  const stop = (): void => attempt.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await within('stream', attemptLimit, attempt.signal, connectAndNegotiate(options, attempt.signal))
  } catch (error) {
    attempt.abort(error) // whatever still runs for this attempt ends with it
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function connectAndNegotiate(options: AttemptOptions, signal: AbortSignal): Promise<Login> {
  const connection = await connect(options, signal)
  const stop = (): void => connection.destroy()
  signal.addEventListener('abort', stop, { once: true })
  const stream = new XmppStream(connection, options.limits)
  try {
    const request = options.request ?? { resumption: undefined, inline: [] }
    const memory = options.memory ?? new LoginMemory(memoryStore(), options.account)
    const bound = await new Negotiation(stream, { ...options, request, memory, signal }).run()
    return { stream, ...bound }
  } catch (error) {
    // Politely, so that the server learns why; it takes a second at most.
    if (!signal.aborted) stream.close(isOurs(error) ? error : undefined)
    else connection.destroy()
    await stream.ended
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** What ended the stream was found by us, not said by the server. */
const isOurs = (error: unknown): error is StreamError =>
  error instanceof Error && error.name === 'StreamError' && (error as StreamError).element === undefined

/** The first transport that gets through; the first error if none does, since it is about the preferred one. */
async function connect({ transports, account, service }: AttemptOptions, signal: AbortSignal): Promise<Connection> {
  const usable = transports.filter(({ schemes }) => !service || schemes.includes(service.protocol.slice(0, -1)))
  let first: unknown
  for (const transport of usable) {
    try {
      return await transport.connect({ domain: account.domain, service, signal })
    } catch (error) {
      signal.throwIfAborted()
      first ??= error
    }
  }
  throw first ?? new ConnectionError('dns', 'no-transport', 'no transport can reach the server')
}
