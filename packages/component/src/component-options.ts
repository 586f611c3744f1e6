import type { AnyPlugin, ClientOptions, Complete } from '@couplet/client'
import { checkSettings, serviceOf } from '@couplet/client/core'
import type { Secret } from '@couplet/sasl'
import { type BareJid, Jid } from '@couplet/stanza'

/** What is the same for clients. */
type SharedOptions = Pick<
  ClientOptions,
  'transports' | 'reconnect' | 'store' | 'keepAlive' | 'network' | 'requestTimeout' | 'limits'
>

/** What a component is made from. */
export interface ComponentOptions<P extends readonly AnyPlugin[] = readonly AnyPlugin[]> extends SharedOptions {
  /** The domain of the component, as the server's configuration has it. */
  readonly jid: Jid | string
  /** The secret it shares with the server, or a function that fetches it when it is about to be used. */
  readonly secret: Secret
  /** Where the server waits for components: `xmpp://localhost:5347`, or `xmpps:` for TLS; default port 5347. */
  readonly service: URL | string
  /** The plugins, in any order; each adds its API to the component under its name. */
  readonly plugins?: P & Complete<P>
  /**
   * Who is asked for a sign of life, and to confirm what was sent; default: the component itself, since whatever the server's
   * own domains are, this one it routes.
   */
  readonly server?: Jid | string | undefined
  /**
   * Allows a connection without TLS that leaves this machine. Everything on it can be read and changed on the way, and who
   * has seen a handshake can try secrets against it.
   */
  readonly dangerouslyAllowUnencrypted?: boolean | undefined
}

/** The checked form of what is particular to a component. */
export interface ComponentIdentity {
  readonly jid: BareJid
  readonly service: URL
  readonly server: Jid
}

/** Customary; XEP-0114 names none. */
const defaultPort = '5347'

/**
 * Checks the options that a user can get wrong.
 *
 * @throws InvalidJidError for `jid` and `server`
 * @throws TypeError naming any other field
 */
export function identityOf(options: ComponentOptions): ComponentIdentity {
  const jid = typeof options.jid === 'string' ? Jid.parse(options.jid) : options.jid
  if (!(jid as Partial<Jid> | undefined)?.domain) throw new TypeError('jid: not a JID')
  if (jid.local !== undefined || jid.resource !== undefined) throw new TypeError('jid: a component is a domain alone')
  if (!options.secret) throw new TypeError('secret: missing')
  if (!Array.isArray(options.transports) || options.transports.length === 0) {
    throw new TypeError('transports: there is none')
  }
  if (options.service === undefined) throw new TypeError('service: missing; a component is not looked up in DNS')
  checkSettings(options)
  const schemes = options.transports.flatMap((transport) => transport.schemes)
  const service = serviceOf(options.service, schemes)
  if (service.hostname === '') throw new TypeError('service: has no host')
  const { server = jid } = options
  return { jid: jid.bare, service: withPort(service), server: typeof server === 'string' ? Jid.parse(server) : server }
}

function withPort(service: URL): URL {
  if (service.port !== '') return service
  const complete = new URL(service)
  complete.port = defaultPort
  return complete
}
