import type { BareJid, Jid } from '@couplet/stanza'
import { type ClientOptions, identityOf } from './client-options.js'
import { ConnectionError } from './connection-error.js'
import { ConnectionLoop } from './connection-loop.js'
import type { ClientEvents, ClientStatus } from './events.js'
import type { AnyPlugin, Apis } from './plugin.js'
import { PluginHost } from './plugin-host.js'
import type { CallOptions, Session } from './session.js'
import { SessionCore } from './session-core.js'
import { memoryStore } from './state-store.js'
import type { Subscription } from './subscription.js'

/** What a client can do apart from its plugins. */
export interface ClientCore extends Session {
  /** Where the connection stands; changes are `status` events. */
  readonly status: ClientStatus
  /**
   * Connects, unless that is under way, and resolves when the client is online. Connections that are lost are made again
   * until {@link close}, or until trying has no point: then this rejects, and `status` says why.
   *
   * @throws ConnectionError, AuthenticationError, StreamError, or the signal's reason (which does not stop the client)
   */
  online(options?: CallOptions): Promise<void>
  /** Reports events that are not stanzas. */
  on<K extends keyof ClientEvents>(name: K, listener: (event: ClientEvents[K]) => unknown): Subscription
  /**
   * Tells the client that the network or the machine's sleep may have cost it its connection: a connection is checked within
   * 5 s, and an attempt that waits begins. Browsers tell by themselves.
   */
  networkChanged(): void
  /**
   * Forgets everything the store has for logging in: the token, which is made useless at the server if it can be reached
   * (XEP-0484 §3.6), and the pins. Then closes as {@link close} does.
   */
  logOut(): Promise<void>
  /**
   * Disconnects: sends what is left, says goodbye, closes; at most three seconds. Everything pending fails, and there is no
   * way back: a closed client stays closed.
   */
  close(): Promise<void>
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** A client with the APIs of its plugins: `client.mam` exists exactly if `mam()` is installed. */
export type Client<P extends readonly AnyPlugin[] = []> = ClientCore & Apis<P>

/**
 * Makes a client. Does nothing on the network before `online()`.
 *
 * @throws InvalidJidError for a bad `jid`
 * @throws TypeError naming any other option that is wrong, or a plugin whose need is not met
 */
export function createClient<const P extends readonly AnyPlugin[] = []>(options: ClientOptions<P>): Client<P> {
  const identity = identityOf(options as unknown as ClientOptions)
  const { requestTimeout } = options
  const core = new SessionCore({ account: identity.account, ...(requestTimeout !== undefined && { requestTimeout }) })
  const store = options.store ?? memoryStore()
  const host = new PluginHost(options.plugins ?? [], core, store)
  const loop = new ConnectionLoop(
    {
      ...identity,
      transports: options.transports,
      policy: { allowPlain: options.dangerouslyAllowPlain, order: options.mechanisms },
      lang: options.lang ?? 'en',
      limits: options.limits ?? {},
      presence: options.presence ?? {},
      reconnect: options.reconnect ?? true,
      store,
      isStored: options.store !== undefined,
      keepAlive: options.keepAlive,
      network: options.network,
      userAgent: options.userAgent,
    },
    core,
    host,
  )
  const client = new CoreClient(core, loop, host)
  for (const name of Object.keys(host.apis)) {
    if (name in client || name === 'then') throw new TypeError(`plugins: none can be called "${name}"`)
  }
  return Object.assign(client, host.apis) as unknown as Client<P>
}

class CoreClient implements ClientCore {
  readonly #core: SessionCore
  readonly #loop: ConnectionLoop
  readonly #host: PluginHost
  #closed = false
  readonly send: Session['send']
  readonly request: Session['request']
  readonly onMessage: Session['onMessage']
  readonly onPresence: Session['onPresence']
  readonly on: ClientCore['on']

  constructor(core: SessionCore, loop: ConnectionLoop, host: PluginHost) {
    this.#core = core
    this.#loop = loop
    this.#host = host
    // Bound, so that `const { send } = client` works.
    this.send = (stanza) => core.send(stanza)
    this.request = core.request.bind(core)
    this.onMessage = core.onMessage.bind(core) as Session['onMessage']
    this.onPresence = core.onPresence.bind(core) as Session['onPresence']
    this.on = core.events.on.bind(core.events)
  }

  get jid(): Jid {
    return this.#core.jid
  }

  get account(): BareJid {
    return this.#core.account
  }

  get status(): ClientStatus {
    return this.#loop.status
  }

  online({ signal }: CallOptions = {}): Promise<void> {
    if (this.#closed) return Promise.reject(new ConnectionError('session', 'stopped', 'the client was closed'))
    return new Promise((resolve, reject) => {
      const settle = (status: ClientStatus): void => {
        if (status.state === 'online') resolve()
        else if (status.state === 'offline')
          reject(status.error ?? new ConnectionError('session', 'stopped', 'the client was closed'))
        else return
        subscription.dispose()
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => {
        subscription.dispose()
        reject(signal?.reason)
      }
      const subscription = this.on('status', settle)
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#loop.start()
      if (this.status.state === 'online') settle(this.status)
    })
  }

  networkChanged(): void {
    this.#loop.networkChanged()
  }

  async logOut(): Promise<void> {
    await this.close()
    await this.#loop.logOut()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#loop.stop()
    this.#host.close()
  }

  declare [Symbol.asyncDispose]: () => Promise<void>
}

// Not every browser has the symbol yet, and a method named by a missing symbol would be called "undefined".
if (Symbol.asyncDispose !== undefined) CoreClient.prototype[Symbol.asyncDispose] = CoreClient.prototype.close
