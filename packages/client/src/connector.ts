import type { ParserLimits, XmppError } from '@couplet/stanza'
import type { Identity } from './client-options.js'
import { isOurs } from './close-reasons.js'
import type { ConnectionPhase } from './connection-error.js'
import type { Visit, WalkOptions } from './endpoint-walk.js'
import { noteInTheClear } from './in-the-clear.js'
import type { Login, SessionRequest } from './login.js'
import { attemptLogin } from './login-attempt.js'
import { type LoginOptions, Negotiation } from './negotiation.js'
import { redirectOf } from './see-other-host.js'
import type { Connection } from './transport.js'
import { XmppStream } from './xmpp-stream.js'

/** What an attempt is made with. */
export interface AttemptOptions extends Identity, WalkOptions, Omit<LoginOptions, 'signal' | 'request'> {
  readonly limits: Partial<ParserLimits>
}

/**
 * One attempt: connect, negotiate, log in. Where TLS or the stream fails at one endpoint, the next one is tried by the same
 * rules; a server that spoke for the domain and refused us has the last word. Leaves nothing open if it fails.
 *
 * @throws ConnectionError, AuthenticationError, StreamError, StanzaError, or the signal's reason
 */
export function logIn(options: AttemptOptions, request: SessionRequest, signal: AbortSignal): Promise<Login> {
  return attemptLogin(options, (connection, end) => negotiate(connection, options, request, end), signal)
}

async function negotiate(
  connection: Connection,
  options: AttemptOptions,
  request: SessionRequest,
  signal: AbortSignal,
): Promise<Visit<Login>> {
  const stop = (): void => connection.destroy()
  signal.addEventListener('abort', stop, { once: true })
  const stream = new AttemptStream(connection, options.limits)
  try {
    const session = await new Negotiation(stream, { ...options, request, signal }).run()
    return { login: { stream, ...session } }
  } catch (error) {
    // Politely, so that the server learns why; it takes a second at most.
    if (!signal.aborted) stream.close(isOurs(error) ? error : undefined)
    else connection.destroy()
    await stream.ended
    if (signal.aborted) throw error
    // Said in the clear, it may be anybody's word (RFC 6120 §4.9.3.19, S-025): then it is a fault like another.
    const redirect = connection.secure ? redirectOf(error) : undefined
    if (!connection.secure) noteInTheClear(error)
    if (redirect === undefined && !isFault(error, stream)) throw error
    return { fault: error, redirect }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** A stream that knows how far the login has come. */
class AttemptStream extends XmppStream {
  /** Whether the server's verdict about us is, or was, waited for. */
  judged = false

  override next(phase: ConnectionPhase): ReturnType<XmppStream['next']> {
    this.judged ||= phase === 'sasl' || phase === 'bind'
    return super.next(phase)
  }
}

/** What is wrong with this endpoint, and may be right at the next one. */
function isFault(error: unknown, { judged }: AttemptStream): boolean {
  const { name, code } = error as Partial<XmppError>
  if (name === 'AuthenticationError') return code === 'temporary-auth-failure' // RFC 6120 §6.5.11
  // Other errors are not the server's: a function that was to fetch the password, for one.
  return !judged && (name === 'ConnectionError' || name === 'StreamError' || name === 'MalformedElementError')
}
