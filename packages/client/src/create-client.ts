import { type ClientOptions, identityOf } from './client-options.js'
import { type Connected, ConnectedSession, withApis } from './connected-session.js'
import { LazyLoop } from './lazy-loop.js'
import type { AnyPlugin, Apis } from './plugin.js'
import { PluginHost } from './plugin-host.js'
import { SessionCore } from './session-core.js'
import { memoryStore } from './state-store.js'

/** What a client can do apart from its plugins. */
export interface ClientCore extends Connected {
  /**
   * Forgets everything the store has for logging in: the token, which is made useless at the server if it can be reached
   * (XEP-0484 §3.6), and the pins. Then closes as {@link close} does.
   */
  logOut(): Promise<void>
  /**
   * Lets the next login use a weaker mechanism than earlier ones: for when a login fails with `downgrade`, and the server is
   * known to have changed for a reason (XEP-0474).
   */
  forgetPin(): Promise<void>
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
  const loop = new LazyLoop(
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
  return withApis(new CoreClient(core, loop, host), host) as unknown as Client<P>
}

class CoreClient extends ConnectedSession implements ClientCore {
  readonly #loop: LazyLoop

  constructor(core: SessionCore, loop: LazyLoop, host: PluginHost) {
    super(core, loop, host)
    this.#loop = loop
  }

  forgetPin(): Promise<void> {
    return this.#loop.forgetPin()
  }

  async logOut(): Promise<void> {
    await this.close()
    await this.#loop.logOut()
  }
}
