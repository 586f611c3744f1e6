import type { BareJid } from '@couplet/stanza'
import { ConnectionError } from './connection-error.js'
import { placeOf } from './see-other-host.js'
import type { Connection, EndpointHints, Transport } from './transport.js'

/** How many endpoints one attempt logs in at, and how often it follows `see-other-host`. */
const most = { endpoints: 32, redirects: 5 } as const

/** Where an attempt may go. */
export interface WalkOptions {
  /** The ways to reach a server, in order of preference. */
  readonly transports: readonly Transport[]
  /** Whose domain is looked for. */
  readonly account: BareJid
  /** The endpoint, if the user named one. */
  readonly service: URL | undefined
  /** What is known about endpoints from earlier. */
  readonly hints?: EndpointHints | undefined
}

/** What came of an endpoint: a login, or a fault of this endpoint, and perhaps the `host:port` it sent us to. */
export type Visit<T> = { readonly login: T } | { readonly fault: unknown; readonly redirect: string | undefined }

/**
 * Goes from endpoint to endpoint, transport by transport, until a visit brings a login. What a visit rejects with ends it at
 * once. Every endpoint is visited by the same rules (S-008), and none twice.
 *
 * @throws the first error, which is about the preferred endpoint; but that of a hinted one only if there is no other
 */
export function walk<T>(
  options: WalkOptions,
  visit: (connection: Connection) => Promise<Visit<T>>,
  signal: AbortSignal,
): Promise<T> {
  return new Walk(options, visit, signal).run()
}

class Walk<T> {
  readonly #options: WalkOptions
  readonly #visit: (connection: Connection) => Promise<Visit<T>>
  readonly #signal: AbortSignal
  readonly #tried = new Set<string>()
  #redirects = 0
  /** What went wrong first, at an endpoint of the server's own, and at one that was only hinted at. */
  #first: unknown
  #hinted: unknown

  constructor(options: WalkOptions, visit: (connection: Connection) => Promise<Visit<T>>, signal: AbortSignal) {
    this.#options = options
    this.#visit = visit
    this.#signal = signal
  }

  async run(): Promise<T> {
    const { transports, service } = this.#options
    for (const transport of transports) {
      if (service !== undefined && !transport.schemes.includes(service.protocol.slice(0, -1))) continue
      const login = await this.#by(transport)
      if (login !== undefined) return login
    }
    throw this.#first ?? this.#hinted ?? new ConnectionError('dns', 'no-transport', 'no transport can reach the server')
  }

  async #by(transport: Transport): Promise<T | undefined> {
    let preferred = placeOf(this.#options.hints?.preferred)
    while (this.#tried.size < most.endpoints) {
      const connection = await this.#connect(transport, preferred)
      if (connection === undefined) return undefined
      const result = await this.#visit(connection)
      if ('login' in result) return result.login
      this.#failed(connection.endpoint, result.fault, preferred)
      if (result.redirect !== undefined && this.#redirects++ < most.redirects) preferred = result.redirect
    }
    return undefined
  }

  /** A connection to an endpoint that was not visited yet, if the transport finds one. */
  async #connect(transport: Transport, preferred: string | undefined): Promise<Connection | undefined> {
    const { account, service, hints } = this.#options
    const failed = (endpoint: string, error: unknown): void => this.#failed(endpoint, error, preferred)
    const target = { domain: account.domain, service, tried: this.#tried, failed, signal: this.#signal }
    try {
      const connection = await transport.connect({ ...target, hints: { ...hints, preferred } })
      if (!this.#tried.has(connection.endpoint)) return connection
      connection.destroy() // a transport that does not mind what was tried
    } catch (error) {
      this.#signal.throwIfAborted()
      const isNews = (error as Partial<ConnectionError>).code !== 'no-endpoint' && error !== this.#hinted
      if (isNews) this.#first ??= error
      else this.#hinted ??= error
    }
    return undefined
  }

  /** What a mere hint led to says little about the server, and must not keep the client from trying again later. */
  #failed(endpoint: string, error: unknown, preferred: string | undefined): void {
    this.#tried.add(endpoint)
    const isHinted = endpoint.endsWith(`//${preferred}`) || endpoint === this.#options.hints?.lastGood
    if (isHinted) this.#hinted ??= error
    else this.#first ??= error
  }
}
