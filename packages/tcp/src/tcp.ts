import { Resolver } from 'node:dns/promises'
import { connect as connectSocket, type LookupFunction, type Socket } from 'node:net'
import { type Connection, ConnectionError, type ConnectOptions, type Transport, within } from '@couplet/client'
import { discover, type Endpoint, endpointOf, type SrvResolver } from './endpoints.js'
import { SocketConnection, secure, type TlsSettings } from './socket-connection.js'

/** Milliseconds for finding endpoints, for reaching one, and for its TLS handshake. */
const limits = { dns: 3000, tcp: 15_000, tls: 15_000 } as const

/** Options of {@link tcp}. */
export interface TcpOptions {
  /** Certificates of authorities to trust instead of the platform's, as PEM. */
  readonly ca?: TlsSettings['ca']
  /** A client certificate with its chain, as PEM, for the login with `external`. */
  readonly cert?: TlsSettings['cert']
  /** Its private key, as PEM. */
  readonly key?: TlsSettings['key']
  /** Who answers for SRV records; default: the system's name servers. */
  readonly resolver?: SrvResolver
  /** How names become addresses; default: the system's. */
  readonly lookup?: LookupFunction
}

/**
 * XMPP over TCP, for Node: SRV records for direct TLS and STARTTLS, certificate always checked against the domain of the
 * account, never against the name an SRV record leads to.
 *
 * @example
 * ```ts
 * import { createClient } from '@couplet/client'
 * import { tcp } from '@couplet/tcp'
 *
 * const client = createClient({ jid: 'bot@example.org', password: 'secret', transports: [tcp()] })
 * ```
 */
export function tcp(options: TcpOptions = {}): Transport {
  return {
    name: 'tcp',
    schemes: ['xmpps', 'xmpp'],
    async connect(target) {
      const { domain, service, signal } = target
      const endpoints = service ? [endpointOf(service)] : await lookUp(domain, options.resolver, signal)
      let first: unknown
      for (const endpoint of endpoints) {
        try {
          return await reach(endpoint, target, options)
        } catch (error) {
          signal.throwIfAborted()
          first ??= error
        }
      }
      throw first
    },
  }
}

async function lookUp(domain: string, given: SrvResolver | undefined, signal: AbortSignal) {
  const own = given === undefined ? new Resolver() : undefined
  try {
    return await within('dns', limits.dns, signal, discover(domain, given ?? (own as Resolver)))
  } finally {
    own?.cancel() // a question without an answer would keep the process alive
  }
}

async function reach(endpoint: Endpoint, target: ConnectOptions, options: TcpOptions): Promise<Connection> {
  const { host, port, directTls } = endpoint
  const { domain, signal } = target
  const { ca, cert, key } = options
  const settings: TlsSettings = { domain, ca, cert, key }
  const name = `${directTls ? 'xmpps' : 'xmpp'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  const socket = await open(endpoint, signal, options.lookup)
  if (!directTls) return new SocketConnection(socket, name, settings)
  const attempt = AbortSignal.any([signal, AbortSignal.timeout(limits.tls)])
  try {
    return new SocketConnection(await secure(socket, settings, attempt, ['xmpp-client']), name, settings)
  } catch (error) {
    signal.throwIfAborted()
    throw attempt.aborted ? new ConnectionError('tls', 'timeout', `nothing for ${limits.tls / 1000} s`) : error
  }
}

function open({ host, port }: Endpoint, signal: AbortSignal, lookup: LookupFunction | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port, noDelay: true, keepAlive: true, ...(lookup && { lookup }) })
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners()
      then()
    }
    const fail = (error: unknown): void =>
      settle(() => {
        socket.on('error', () => {})
        socket.destroy()
        reject(error)
      })
    const onAbort = (): void => fail(signal.reason)
    const timer = setTimeout(
      () => fail(new ConnectionError('tcp', 'timeout', `no connection for ${limits.tcp / 1000} s`)),
      limits.tcp,
    )
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', (error) => fail(tcpError(error)))
    socket.on('connect', () => settle(() => resolve(socket)))
  })
}

function tcpError(error: Error & { readonly code?: string }): ConnectionError {
  const { code } = error
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new ConnectionError('dns', 'not-found', 'the host has no address', error)
  }
  if (code === 'ECONNREFUSED') return new ConnectionError('tcp', 'refused', 'nothing listens there', error)
  return new ConnectionError('tcp', 'unreachable', 'the host cannot be reached', error)
}
