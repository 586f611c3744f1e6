import { type AnyPlugin, type Apis, type Connected, memoryStore, type Session } from '@couplet/client'
import {
  attemptLogin,
  ConnectedSession,
  ConnectionLoop,
  type LoopOptions,
  PluginHost,
  SessionCore,
  withApis,
} from '@couplet/client/core'
import { Jid } from '@couplet/stanza'
import { AddressSession } from './address-session.js'
import { componentAddressing } from './component-addressing.js'
import { logInAsComponent } from './component-login.js'
import { type ComponentIdentity, type ComponentOptions, identityOf } from './component-options.js'

/** What a component can do apart from its plugins. */
export interface ComponentCore extends Connected {
  /**
   * The session of one address at the component's domain: what it sends and asks comes from that address, and it hears what
   * is sent there; a bare JID stands for all of its resources.
   *
   * @throws InvalidJidError for what is no JID
   * @throws TypeError for an address somewhere else
   */
  as(jid: Jid | string): Session
}

/** A component with the APIs of its plugins: `component.disco` exists exactly if `disco()` is installed. */
export type Component<P extends readonly AnyPlugin[] = []> = ComponentCore & Apis<P>

/**
 * Makes a component (XEP-0114). Does nothing on the network before `online()`.
 *
 * @throws InvalidJidError for a bad `jid` or `server`
 * @throws TypeError naming any other option that is wrong, or a plugin whose need is not met
 *
 * @example
 * ```ts
 * import { createComponent } from '@couplet/component'
 * import { tcp } from '@couplet/tcp'
 *
 * const gateway = createComponent({
 *   jid: 'gateway.example.org',
 *   secret: () => process.env.COMPONENT_SECRET ?? '',
 *   service: 'xmpp://localhost:5347',
 *   transports: [tcp()],
 * })
 * gateway.onMessage(async (message) => {
 *   await message.reply('hello').acked
 * })
 * await gateway.online()
 * ```
 */
export function createComponent<const P extends readonly AnyPlugin[] = []>(options: ComponentOptions<P>): Component<P> {
  const identity = identityOf(options as unknown as ComponentOptions)
  const { jid, server } = identity
  const { requestTimeout, store = memoryStore() } = options
  const addressing = componentAddressing(jid, server)
  const core = new SessionCore({ account: jid, addressing, ...(requestTimeout !== undefined && { requestTimeout }) })
  const host = new PluginHost(options.plugins ?? [], core, store)
  const loop = new ConnectionLoop(
    {
      ...loginOptions(identity, options as unknown as ComponentOptions, core),
      transports: options.transports,
      limits: options.limits ?? {},
      presence: false,
      reconnect: options.reconnect ?? true,
      store,
      isStored: options.store !== undefined,
      keepAlive: options.keepAlive,
      network: options.network,
    },
    core,
    host,
  )
  return withApis(new ConnectedComponent(core, loop, host), host) as unknown as Component<P>
}

/** How it logs in, and what a client would use for that, which is not needed. */
function loginOptions(
  { jid, service }: ComponentIdentity,
  { transports, secret, limits = {}, dangerouslyAllowUnencrypted = false }: ComponentOptions,
  core: SessionCore,
) {
  let hasHadSession = false
  core.events.on('status', ({ state }) => {
    hasHadSession ||= state === 'online'
  })
  const login = { jid, secret, service, limits, dangerouslyAllowUnencrypted, hadSession: () => hasHadSession }
  // A certificate is checked for the host that the user named: a component's own domain is seldom in one.
  const account = (Jid.tryParse(service.hostname) ?? jid).bare
  const logIn: LoopOptions['logIn'] = (_options, _request, signal) =>
    attemptLogin(
      { transports, account, service },
      async (connection, end) => ({ login: await logInAsComponent(connection, login, end) }),
      signal,
    )
  // With the name of a resource, a conflict is final: no other name would do.
  return { account: jid, resource: '', credentials: {}, service, policy: {}, lang: 'en', logIn } as const
}

class ConnectedComponent extends ConnectedSession implements ComponentCore {
  readonly #core: SessionCore

  constructor(core: SessionCore, loop: ConnectionLoop, host: PluginHost) {
    super(core, loop, host)
    this.#core = core
  }

  as(jid: Jid | string): Session {
    const address = typeof jid === 'string' ? Jid.parse(jid) : jid
    if (address.domain !== this.account.domain) throw new TypeError('as: not an address at the domain of the component')
    return new AddressSession(this.#core, address)
  }
}
