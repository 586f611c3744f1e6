import type { Transport } from '@couplet/client'
import { StreamLimits } from '@couplet/client/elements'
import { type FullJid, Jid, type Stanza, type StreamErrorCondition, type XmlElement } from '@couplet/stanza'
import { parseXml } from '../parse-xml.js'
import { type TestAuthority, type TestCertificate, testAuthority } from '../test-authority.js'
import type { Channel } from '../wire/channel.js'
import { type MemoryTransportOptions, memoryTransport } from '../wire/memory-channel.js'
import { type Listener, type ListenerKind, openListener } from '../wire/open-listener.js'
import { aboutServerModule } from './about-server.js'
import type { LoopbackSession } from './account.js'
import { archiveModule } from './archive.js'
import { blockingModule } from './blocking.js'
import { carbonsModule } from './carbons.js'
import { csiModule } from './csi.js'
import { discoModule } from './disco.js'
import { FastTokens } from './fast-tokens.js'
import { InlineNegotiation } from './inline-negotiation.js'
import { LoopbackCore } from './loopback-core.js'
import type { LoopbackModule } from './loopback-module.js'
import type { ListenOptions, LoopbackOptions, LoopbackServices } from './loopback-options.js'
import { LoopbackStream } from './loopback-stream.js'
import { offlineModule } from './offline.js'
import { pingModule } from './ping.js'
import { roomsModule } from './rooms.js'
import { rosterModule } from './roster.js'
import { StreamManagement } from './stream-management.js'
import { vcardsModule } from './vcards.js'

// Taken now, so that a test's fake timers do not keep a server from stopping.
const startTimer = setTimeout

/** Milliseconds clients have, when the server stops, to end their half of the stream. */
const stopLimit = 500

const ownModules = ({ bind2ClearsOffline = false }: LoopbackOptions): readonly LoopbackModule[] => [
  discoModule(),
  pingModule(),
  aboutServerModule(),
  archiveModule(),
  offlineModule(bind2ClearsOffline),
  rosterModule(),
  blockingModule(),
  vcardsModule(),
  carbonsModule(),
  csiModule(),
  roomsModule(),
]

/**
 * Starts an XMPP server inside this process, for tests and demonstrations: never a production server. It keeps
 * everything in memory, trusts its clients' manners, and speaks to no other server.
 *
 * @throws InvalidJidError for a domain or user name that cannot be part of a JID
 */
export async function startLoopback(options: LoopbackOptions = {}): Promise<LoopbackServer> {
  return new LoopbackServer(options)
}

/** A server that runs; see {@link startLoopback}. */
export class LoopbackServer {
  readonly #core: LoopbackCore
  readonly #options: LoopbackOptions
  readonly #streams = new Set<LoopbackStream>()
  readonly #listeners: Listener[] = []
  readonly #management: StreamManagement | undefined
  readonly #fast: FastTokens | undefined
  readonly #inline: InlineNegotiation | undefined
  #authority: TestAuthority | undefined
  #certificate: TestCertificate | undefined
  #stopped = false
  #wake: (() => void) | undefined

  /** @internal */
  constructor(options: LoopbackOptions) {
    this.#options = options
    this.#authority = options.authority
    const { management } = options
    this.#management = management === false ? undefined : new StreamManagement(management)
    const modules = [
      ...ownModules(options),
      ...(this.#management ? [this.#management] : []),
      ...(options.modules ?? []),
    ]
    this.#core = new LoopbackCore(options.domain ?? 'example.org', modules)
    const { legacy = false, bind2: bind = true, fast } = options
    this.#fast = fast === false ? undefined : new FastTokens(fast)
    const inline = { core: this.#core, bind, fast: this.#fast, management: this.#management }
    this.#inline = legacy ? undefined : new InlineNegotiation(inline)
    for (const [name, password] of Object.entries(options.users ?? {})) this.addUser(name, password)
  }

  /** The domain it serves. */
  get domain(): string {
    return this.#core.domain
  }

  /** The certificate of the authority its own certificate comes from, as PEM. */
  get ca(): string {
    this.#authority ??= testAuthority()
    return this.#authority.ca
  }

  /** Who is logged in, also without a connection for the moment. */
  get sessions(): readonly FullJid[] {
    return [...this.#core.accounts].flatMap(({ sessions }) => [...sessions.values()].map(({ jid }) => jid))
  }

  /** A transport for `createClient` that leads here without a network. */
  transport(options?: MemoryTransportOptions): Transport {
    const accept = (channel: Channel): void => this.#accept(channel)
    return memoryTransport(accept, () => !this.#stopped, options)
  }

  /** Listens on the loopback interface and returns where. */
  async listen({ port = 0, ...kinds }: ListenOptions): Promise<LoopbackServices> {
    const wanted = (['tcp', 'tls', 'websocket'] as const).filter((kind) => kinds[kind])
    if (port !== 0 && wanted.length > 1) throw new TypeError('one port is for one kind of listener')
    const services: { [K in ListenerKind]?: URL } = {}
    for (const kind of wanted) {
      const accept = (channel: Channel): void => this.#accept(channel)
      const listener = await openListener({ kind, port, certificate: this.#ownCertificate(), accept })
      this.#listeners.push(listener)
      services[kind] = listener.service
    }
    return services
  }

  /** Adds an account, or sets its password anew. */
  addUser(name: string, password: string): void {
    this.#core.addAccount(name, password)
  }

  /**
   * Sends a stanza from whoever its `from` says to whomever its `to` says, also for strangers and users of other servers.
   *
   * @throws TypeError if one of them is missing
   */
  send(stanza: Stanza | XmlElement | string): void {
    const element = parseXml(String(stanza))
    if (!element.attr('from') || !element.attr('to')) throw new TypeError('the stanza needs `from` and `to`')
    this.#core.route(element)
  }

  /**
   * Breaks connections without a word: all, or those of one account or session. Sessions that can be resumed are kept
   * (XEP-0198 §8).
   */
  drop(jid?: string): void {
    for (const stream of this.#streamsOf(jid)) stream.destroy()
  }

  /**
   * Makes sessions impossible to resume, as if the server had never known them: all, or those of one account or session.
   * Those that are kept without a connection end.
   */
  forget(jid?: string): void {
    this.#management?.forget((session) => isMeant(session, jid))
  }

  /** Ends sessions that are kept without a connection, as if their time had come: all, or some. */
  expire(jid?: string): void {
    this.#management?.expire((session) => isMeant(session, jid))
  }

  /** Takes tokens back (XEP-0484 §5): all, or those of one account. */
  revokeTokens(jid?: string): void {
    const account = jid === undefined ? undefined : this.#core.account(Jid.parse(jid))
    if (jid === undefined || account !== undefined) this.#fast?.revoke(account)
  }

  /**
   * Dies and comes back at once: all connections break without a word, and all sessions are gone. Accounts, rosters,
   * archives, offline messages and tokens stay.
   */
  restart(): void {
    this.#management?.clear()
    for (const { sessions } of this.#core.accounts) sessions.clear()
    for (const stream of this.#streams) {
      stream.session = undefined
      stream.destroy()
    }
  }

  /** Ends streams with a stream error: all, or those of one account or session. */
  endStreams(condition: StreamErrorCondition, jid?: string): void {
    for (const stream of this.#streamsOf(jid)) stream.close(condition)
  }

  /** Ends all streams with `system-shutdown`, closes all ports, and waits until every connection is gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    const listeners = this.#listeners.splice(0)
    const closed = Promise.all(listeners.map((listener) => listener.close()))
    this.endStreams('system-shutdown')
    this.#management?.clear()
    const timer = startTimer(() => this.drop(), stopLimit)
    while (this.#streams.size > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    clearTimeout(timer)
    for (const listener of listeners) listener.destroy()
    await closed
  }

  /** The same as {@link stop}, for `await using`. */
  declare [Symbol.asyncDispose]: () => Promise<void>

  #accept(channel: Channel): void {
    const { limits = {}, allowPlain = false, streamLimits } = this.#options
    const { maxBytes = limits.stanzaBytes } = streamLimits ?? {}
    this.#streams.add(
      new LoopbackStream({
        channel,
        limits: maxBytes === undefined ? limits : { ...limits, stanzaBytes: maxBytes },
        allowPlain,
        inline: this.#inline,
        features: streamLimits === undefined ? [] : [StreamLimits(streamLimits)],
        core: this.#core,
        certificate: () => this.#ownCertificate(),
        gone: (stream) => {
          this.#streams.delete(stream)
          this.#wake?.()
        },
      }),
    )
  }

  #streamsOf(jid: string | undefined): LoopbackStream[] {
    const all = [...this.#streams]
    return jid === undefined ? all : all.filter(({ session }) => session && isMeant(session, jid))
  }

  #ownCertificate(): TestCertificate {
    this.#authority ??= testAuthority()
    this.#certificate ??= this.#authority.certificate({ names: [this.domain, 'localhost', '127.0.0.1'] })
    return this.#certificate
  }
}

/** Whether a session has this address, or its account has; without one all are meant. */
const isMeant = ({ jid, account }: LoopbackSession, address: string | undefined): boolean =>
  address === undefined || address === jid.toString() || address === account.jid.toString()

LoopbackServer.prototype[Symbol.asyncDispose] = LoopbackServer.prototype.stop
