import { type Retry, XmppError } from '@couplet/stanza'

/**
 * The phase of connecting in which it failed, or `session` for a connection that was online. `handshake` is how a component
 * proves itself (XEP-0114 §3).
 */
export type ConnectionPhase = 'dns' | 'tcp' | 'tls' | 'websocket' | 'stream' | 'sasl' | 'handshake' | 'bind' | 'session'

/** What went wrong; switch on this. */
export type ConnectionErrorCode =
  | 'timeout'
  | 'refused'
  | 'unreachable'
  | 'closed'
  | 'not-found'
  | 'certificate-expired'
  | 'certificate-name'
  | 'certificate-untrusted'
  /** The certificate is good, but none of the keys the application pinned is in its chain. */
  | 'certificate-pin'
  | 'tls-failed'
  | 'tls-required'
  | 'unexpected-element'
  | 'no-transport'
  /** There is no network at all. */
  | 'offline'
  /** There is no further endpoint to try in this attempt. */
  | 'no-endpoint'
  /** The send may or may not have been handled: the session it was sent in is lost, and nobody could find out. */
  | 'unacknowledged'
  /** The server ended the stream twice on receiving this stanza, or it is larger than the server takes. */
  | 'refused-stanza'
  | 'stopped'

/** After these, trying again by itself is pointless or dangerous. */
const userMatters: ReadonlySet<ConnectionErrorCode> = new Set<ConnectionErrorCode>([
  'certificate-expired',
  'certificate-name',
  'certificate-untrusted',
  'certificate-pin',
  'tls-required',
  'no-transport',
])

/** The connection could not be made, or was lost. */
export class ConnectionError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'ConnectionError'
  readonly code: ConnectionErrorCode
  readonly retry: Retry
  /** The phase in which it failed. */
  readonly phase: ConnectionPhase

  constructor(phase: ConnectionPhase, code: ConnectionErrorCode, message: string, cause?: unknown) {
    super(`${phase}: ${message}`, cause === undefined ? undefined : { cause })
    this.phase = phase
    this.code = code
    this.retry = code === 'stopped' ? 'no' : userMatters.has(code) ? 'user' : 'backoff'
  }
}
