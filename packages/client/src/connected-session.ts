import type { BareJid, Jid } from '@couplet/stanza'
import { ConnectionError } from './connection-error.js'
import type { ClientEvents, ClientStatus } from './events.js'
import type { Loop } from './lazy-loop.js'
import type { PluginHost } from './plugin-host.js'
import type { CallOptions, Session } from './session.js'
import type { SessionCore } from './session-core.js'
import type { Subscription } from './subscription.js'

/** A session with the connection it lives on: what clients and components have in common. */
export interface Connected extends Session {
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
   * Disconnects: sends what is left, says goodbye, closes; at most three seconds. Everything pending fails, and there is no
   * way back: a closed client stays closed.
   */
  close(): Promise<void>
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** @internal What keeps a session connected, as its user sees it. */
export class ConnectedSession implements Connected {
  readonly #core: SessionCore
  readonly #loop: Loop
  readonly #host: PluginHost
  #closed = false
  readonly send: Session['send']
  readonly request: Session['request']
  readonly onMessage: Session['onMessage']
  readonly onPresence: Session['onPresence']
  readonly on: Connected['on']

  constructor(core: SessionCore, loop: Loop, host: PluginHost) {
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

  async close(): Promise<void> {
    this.#closed = true
    await this.#loop.stop()
    this.#host.close()
  }

  declare [Symbol.asyncDispose]: () => Promise<void>
}

/** @internal Adds the APIs of the plugins by their names. @throws TypeError for a name that is taken */
export function withApis<S extends object>(session: S, { apis }: PluginHost): S {
  for (const name of Object.keys(apis)) {
    if (name in session || name === 'then') throw new TypeError(`plugins: none can be called "${name}"`)
  }
  return Object.assign(session, apis)
}

// Not every browser has the symbol yet, and a method named by a missing symbol would be called "undefined".
if (Symbol.asyncDispose !== undefined)
  ConnectedSession.prototype[Symbol.asyncDispose] = ConnectedSession.prototype.close
