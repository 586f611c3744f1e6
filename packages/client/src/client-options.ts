import type { Credentials, Secret } from '@couplet/sasl'
import {
  type BareJid,
  defaultLimits,
  Jid,
  type ParserLimits,
  type PresenceInit,
  presence,
  serialize,
} from '@couplet/stanza'
import type { NetworkHooks } from './network-watch.js'
import type { AnyPlugin, Complete } from './plugin.js'
import type { StateStore } from './state-store.js'
import type { Transport } from './transport.js'

/** What a client is made from, apart from its transports. */
export interface ClientSettings<P extends readonly AnyPlugin[] = readonly AnyPlugin[]> {
  /** The account; a resource asks the server for this very one. For an anonymous login the domain. */
  readonly jid: Jid | string
  /**
   * The password, or a function that fetches it when it is about to be used. Not needed where the `store` has a token of an
   * earlier login that the server still takes.
   */
  readonly password?: Secret | undefined
  /** An OAuth 2.0 access token, for servers with OAUTHBEARER. */
  readonly token?: Secret | undefined
  /** Log in by the TLS client certificate that the transport was given. */
  readonly external?: boolean | undefined
  /** Log in without an account. */
  readonly anonymous?: boolean | undefined
  /** Allows PLAIN over verified TLS, which hands the password itself to the server. */
  readonly dangerouslyAllowPlain?: boolean | undefined
  /** The password mechanisms to use, best first, such as `['SCRAM-SHA-256-PLUS']`; default: all but PLAIN. */
  readonly mechanisms?: readonly string[] | undefined
  /** The plugins, in any order; each adds its API to the client under its name. */
  readonly plugins?: P & Complete<P>
  /** The endpoint, instead of discovery: `xmpps://host:5223`, `xmpp://host:5222`, `wss://host/path`. */
  readonly service?: URL | string | undefined
  /** What the client announces when a session begins; `false` stays invisible and gets no messages to the bare JID. */
  readonly presence?: PresenceInit | false | undefined
  /** The language of texts that do not say theirs; default `en`. */
  readonly lang?: string | undefined
  /** Whether to connect again when a connection is lost; default true. */
  readonly reconnect?: boolean | undefined
  /**
   * Where state lives that outlasts the connection; default: in memory. With a store of its own a client that was killed
   * goes on where it was: the session is resumed, and what was sent and not acknowledged is sent again.
   */
  readonly store?: StateStore | undefined
  /** Milliseconds without an inbound byte after which the server is asked for a sign of life; default 60,000. */
  readonly keepAlive?: number | undefined
  /** How the client learns that the network came, went or changed; default: from the browser, if there is one. */
  readonly network?: NetworkHooks | undefined
  /** What the server shows the user in a list of devices (XEP-0388 §2.3). */
  readonly userAgent?: { readonly software?: string | undefined; readonly device?: string | undefined } | undefined
  /** Milliseconds until a request without an answer rejects; default 60,000. */
  readonly requestTimeout?: number | undefined
  /** Limits for what the server sends that differ from the defaults. */
  readonly limits?: Partial<ParserLimits> | undefined
}

/** What a client is made from. */
export interface ClientOptions<P extends readonly AnyPlugin[] = readonly AnyPlugin[]> extends ClientSettings<P> {
  /** The ways to reach a server, in order of preference. */
  readonly transports: readonly Transport[]
}

/** The checked form of what identifies and proves the account. */
export interface Identity {
  readonly account: BareJid
  readonly resource: string | undefined
  readonly credentials: Credentials
  readonly service: URL | undefined
}

/**
 * Checks the options that a user can get wrong.
 *
 * @throws InvalidJidError for `jid`
 * @throws TypeError naming any other field
 */
export function identityOf(options: ClientOptions): Identity {
  const jid = typeof options.jid === 'string' ? Jid.parse(options.jid) : options.jid
  if (!(jid as Partial<Jid> | undefined)?.domain) throw new TypeError('jid: not a JID')
  const { password, token, external, anonymous } = options
  if (anonymous ? jid.local !== undefined : jid.local === undefined) {
    throw new TypeError(anonymous ? 'jid: an anonymous login takes the domain alone' : 'jid: has no local part')
  }
  // A store may have a token of an earlier login (XEP-0484), which is worth a try.
  if (!password && !token && !external && !anonymous && options.store === undefined) {
    throw new TypeError(
      'password: missing (or give token, external, anonymous, or a store that has been logged in with)',
    )
  }
  if (!Array.isArray(options.transports) || options.transports.length === 0) {
    throw new TypeError('transports: there is none')
  }
  checkSettings(options)
  const schemes = options.transports.flatMap((transport) => transport.schemes)
  return {
    account: jid.bare,
    resource: jid.resource,
    credentials: { password, token, external, anonymous },
    service: options.service === undefined ? undefined : serviceOf(options.service, schemes),
  }
}

/** @internal What would otherwise fail at every attempt, or behind the application's back. @throws TypeError */
export function checkSettings({
  requestTimeout,
  keepAlive,
  lang,
  limits,
  presence: init,
  store,
  mechanisms,
}: Omit<ClientSettings, 'jid'>): void {
  if (requestTimeout !== undefined && !(requestTimeout > 0))
    throw new TypeError('requestTimeout: not a positive number')
  if (keepAlive !== undefined && !(keepAlive > 0)) throw new TypeError('keepAlive: not a positive number')
  // BCP 47 in outline: it becomes an attribute of every stream header.
  if (lang !== undefined && !/^[a-z]{1,8}(-[a-z0-9]{1,8})*$/i.test(lang))
    throw new TypeError('lang: not a language tag')
  for (const [name, limit] of Object.entries(limits ?? {})) {
    if (!(name in defaultLimits) || !(limit > 0)) throw new TypeError(`limits: not a positive number: ${name}`)
  }
  if (store !== undefined && !(typeof store.get === 'function' && typeof store.batch === 'function')) {
    throw new TypeError('store: has no get and batch')
  }
  if (mechanisms !== undefined && !(Array.isArray(mechanisms) && mechanisms.length > 0)) {
    throw new TypeError('mechanisms: not a list with at least one name')
  }
  try {
    if (init) serialize(presence(init).element)
  } catch (cause) {
    throw new TypeError('presence: cannot be sent', { cause })
  }
}

/** @internal The endpoint that was named. @throws TypeError if it is no URL, or there is no transport for it */
export function serviceOf(service: URL | string, schemes: readonly string[]): URL {
  let url: URL
  try {
    url = new URL(service)
  } catch {
    throw new TypeError('service: not a URL')
  }
  if (!schemes.includes(url.protocol.slice(0, -1))) {
    throw new TypeError(`service: no transport for ${url.protocol} (there is one for ${schemes.join(', ')})`)
  }
  return url
}
