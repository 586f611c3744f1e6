import { lookup as systemLookup } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { type Connection, ConnectionError, type ConnectOptions, type Transport } from '@couplet/client'
import { within } from '@couplet/client/core'
import { addressLookup } from './addresses.js'
import { bothWays, discover, type Endpoint, endpointNamed, endpointOf, nameOf, type SrvResolver } from './endpoints.js'
import { secure, type TlsSettings } from './handshake.js'
import { openSocket } from './open-socket.js'
import { checkPins } from './pins.js'
import { race } from './race.js'
import { SocketConnection } from './socket-connection.js'

/** Milliseconds for an answer of DNS, for reaching one address, and for its TLS handshake. */
const limits = { dns: 3000, tcp: 15_000, tls: 15_000 } as const

/** Options of {@link tcp}. */
export interface TcpOptions {
  /** Certificates of authorities to trust instead of the platform's, as PEM. */
  readonly ca?: TlsSettings['ca']
  /** A client certificate with its chain, as PEM, for the login with `external`. */
  readonly cert?: TlsSettings['cert']
  /** Its private key, as PEM. */
  readonly key?: TlsSettings['key']
  /**
   * Keys to insist on besides all other checks: the SHA-256, in base64, of the SubjectPublicKeyInfo of the server's certificate
   * or of one of its issuers. One of them has to be in the chain.
   */
  readonly pins?: TlsSettings['pins']
  /** Who answers for SRV records; default: the system's name servers. */
  readonly resolver?: SrvResolver
  /** How names become addresses, asked for all of each family; default: the system's. */
  readonly lookup?: LookupFunction
}

/**
 * XMPP over TCP, for Node: SRV records for direct TLS and STARTTLS, certificate always checked against the domain of the
 * account, never against the name an SRV record leads to.
 *
 * @throws TypeError for pins that are none
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
  checkPins(options.pins)
  return {
    name: 'tcp',
    schemes: ['xmpps', 'xmpp'],
    connect: (target) => connect(target, options),
  }
}

/** Endpoints that race with each other; `hinted` if they are not what the user or DNS says. */
interface Group {
  readonly endpoints: readonly Endpoint[]
  readonly hinted?: boolean
}

async function connect(target: ConnectOptions, options: TcpOptions): Promise<Connection> {
  const { signal, tried } = target
  const lookup = addressLookup(options.lookup ?? (systemLookup as LookupFunction), limits.dns)
  const left = new Left(tried)
  let first: unknown
  let hinted: unknown
  for await (const group of groups(target, options.resolver)) {
    const endpoints = left.of(group.endpoints)
    if (endpoints.length === 0) continue
    try {
      return await race<Connection>({
        endpoints,
        lookup,
        attempt: (endpoint, address, end) => reach(endpoint, address, target.domain, options, end),
        failed: (endpoint, error) => target.failed?.(nameOf(endpoint), error),
        discard: (loser) => loser.destroy(),
        signal,
      })
    } catch (error) {
      signal.throwIfAborted()
      // What a mere hint led to says little about the server, and must not keep the client from trying again.
      if (group.hinted) hinted ??= error
      else first ??= error
    }
  }
  throw first ?? hinted ?? new ConnectionError('tcp', 'no-endpoint', 'there is no further endpoint to try')
}

/** Each endpoint is tried once, whoever names it. */
class Left {
  readonly #gone: Set<string>

  constructor(tried: ReadonlySet<string> | undefined) {
    this.#gone = new Set(tried)
  }

  of(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    return endpoints.filter((endpoint) => {
      const name = nameOf(endpoint)
      return !this.#gone.has(name) && this.#gone.add(name)
    })
  }
}

/** Where to go, in this order; DNS is not asked before what comes first has failed. */
async function* groups(
  { domain, service, hints, signal }: ConnectOptions,
  resolver?: SrvResolver,
): AsyncGenerator<Group> {
  if (hints?.preferred !== undefined) yield { endpoints: bothWays(hints.preferred), hinted: true }
  if (service !== undefined) return yield { endpoints: [endpointOf(service)] }
  const lastGood = endpointNamed(hints?.lastGood)
  const last: Group = { endpoints: lastGood === undefined ? [] : [lastGood], hinted: true }
  try {
    for (const endpoints of await lookUp(domain, resolver, signal)) yield { endpoints }
  } catch (error) {
    signal.throwIfAborted()
    // A domain that says it has no such service is believed; a name server that fails has not said so.
    if ((error as ConnectionError).code !== 'not-found') yield last
    throw error
  }
  yield last
}

async function lookUp(domain: string, given: SrvResolver | undefined, signal: AbortSignal) {
  const own = given === undefined ? new Resolver() : undefined
  try {
    return await within('dns', limits.dns, signal, discover(domain, given ?? (own as Resolver)))
  } finally {
    own?.cancel() // a question without an answer would keep the process alive
  }
}

async function reach(
  endpoint: Endpoint,
  address: string,
  domain: string,
  { ca, cert, key, pins }: TcpOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const settings: TlsSettings = { domain, ca, cert, key, pins }
  const socket = await openSocket(address, endpoint.port, limits.tcp, signal)
  if (!endpoint.directTls) return new SocketConnection(socket, nameOf(endpoint), settings)
  const secured = await secure(socket, settings, signal, { protocols: ['xmpp-client'], limit: limits.tls })
  return new SocketConnection(secured, nameOf(endpoint), settings)
}
