import {
  type AnyPlugin,
  type ClientEvents,
  ConnectionError,
  memoryStore,
  type Plugin,
  type PluginContext,
  PluginHost,
  type Provenance,
  type SentFate,
  type SentMessage,
  type StateStore,
  type Subscription,
} from '@couplet/client'
import {
  type BareJid,
  type FullJid,
  type Iq,
  type IqProcedure,
  iq,
  Jid,
  type Message,
  NS_STREAM,
  type Presence,
  readElement,
  type Stanza,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import { FarEnd } from './far-end.js'
import { parseXml } from './parse-xml.js'
import type { Responder } from './scripted-answers.js'
import { installStandIn, standIn } from './stand-in-plugin.js'

/** Options of {@link fakeSession}. */
export interface FakeSessionOptions {
  /** The full JID of the session; default `me@example.org/here`. */
  readonly jid?: Jid | string
  /** Features beside those of the plugin that is installed. */
  readonly features?: readonly string[]
  /** The stream features that the server offers after authentication. */
  readonly serverFeatures?: readonly XmlElement[]
  /** Where plugins keep their state; default in memory. */
  readonly store?: StateStore
}

/** What a plugin needs, in a test: as much of the other plugins' APIs as it calls. */
export type NeedsInTest<Needs> = { readonly [K in keyof Needs]: Partial<Needs[K]> }

/**
 * A session for tests, without a server and online from the start: the client's own router, origin rule, IQ tracker and
 * plugin host, with the test at the other end.
 */
export function fakeSession(options: FakeSessionOptions = {}): FakeSession {
  return new FakeSession(options)
}

/** See {@link fakeSession}. */
export class FakeSession implements PluginContext {
  /** The messages and presences that were sent, in order. */
  readonly sent: readonly (Message | Presence)[]
  /** The IQ requests that were made, in order. */
  readonly requests: readonly Iq[]
  /** The replies to received IQ requests, in order. */
  readonly replies: readonly Iq[]
  /** The elements that were sent beside stanzas, in order. */
  readonly nonzas: readonly XmlElement[]
  /** What handlers threw and what was passed to `reportError`. */
  readonly errors: unknown[] = []
  /** Stanzas and payloads that were not delivered because they do not have their shape. */
  readonly malformed: ClientEvents['malformed'][] = []
  /** Stanzas and payloads that were not delivered because of their sender. */
  readonly rejected: ClientEvents['rejected'][] = []
  /** Messages that came back. */
  readonly undeliverable: ClientEvents['undeliverable'][] = []
  readonly account: BareJid
  readonly store: StateStore
  readonly #end: FarEnd
  readonly #full: FullJid
  readonly #offered: XmlElement
  readonly #controller = new AbortController()
  readonly #hosts: PluginHost[] = []
  readonly #subscriptions: Subscription[] = []
  readonly #context: PluginContext
  #asked = 0
  #reported = 0

  /** @internal */
  constructor(options: FakeSessionOptions) {
    const { jid = 'me@example.org/here', features = [], serverFeatures = [], store = memoryStore() } = options
    const full = typeof jid === 'string' ? Jid.parse(jid) : jid
    if (!full.isFull()) throw new TypeError('the JID of a session has a resource')
    this.#full = full
    this.account = full.bare
    this.store = store
    this.#end = new FarEnd(full)
    this.#offered = xml(NS_STREAM, 'features', {}, ...serverFeatures)
    const { sent, requests, replies, nonzas, core } = this.#end
    this.nonzas = nonzas
    this.sent = sent
    this.requests = requests
    this.replies = replies
    core.events.on('error', (error) => this.errors.push(error))
    core.events.on('malformed', (event) => this.malformed.push(event))
    core.events.on('rejected', (event) => this.rejected.push(event))
    core.events.on('undeliverable', (event) => this.undeliverable.push(event))
    const { host, context } = installStandIn(core, store, features)
    this.#hosts.push(host)
    this.#context = context
    core.attach(this.#end, full, { features: this.#offered })
    core.begin()
  }

  get jid(): Jid {
    return this.#end.core.jid
  }

  get serverFeatures(): XmlElement | undefined {
    return this.#end.core.serverFeatures
  }

  get features(): readonly string[] {
    return [...new Set(this.#hosts.flatMap((host) => host.features))].sort()
  }

  get isOnline(): boolean {
    return this.#end.core.isOnline
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  // Properties, because code under test may take a session apart: `const { send, request } = session`.
  /** Records the stanza in {@link sent}. */
  readonly send: PluginContext['send'] = (stanza) => this.#end.core.send(stanza)

  /** Records the request in {@link requests}; {@link answer} says what comes back. */
  readonly request: PluginContext['request'] = (...args) => this.#context.request(...args)

  readonly onMessage: PluginContext['onMessage'] = (...args: unknown[]): Subscription =>
    this.#keep(this.#end.core.onMessage(...(args as [never])))

  readonly onPresence: PluginContext['onPresence'] = (...args: unknown[]): Subscription =>
    this.#keep(this.#end.core.onPresence(...(args as [never])))

  /** Registers the handler of a kind of request; {@link ask} calls it. */
  readonly handle: PluginContext['handle'] = (...args) => this.#context.handle(...args)

  readonly advertise: PluginContext['advertise'] = (feature) => this.#context.advertise(feature)
  readonly onFeatures: PluginContext['onFeatures'] = (handler) => this.#context.onFeatures(handler)
  readonly subscription: PluginContext['subscription'] = (dispose) => this.#context.subscription(dispose)
  readonly refuse: PluginContext['refuse'] = (isRefused) => this.#context.refuse(isRefused)
  readonly onHandled: PluginContext['onHandled'] = (handler) => this.#context.onHandled(handler)
  readonly holdMessages: PluginContext['holdMessages'] = () => this.#context.holdMessages()
  readonly passMessage: PluginContext['passMessage'] = (message) => this.#context.passMessage(message)
  /** Decides what {@link begin} sends first; by itself it sends nothing. */
  readonly announce: PluginContext['announce'] = (announcer) => this.#context.announce(announcer)
  /** Adds to presences. */
  readonly decoratePresence: PluginContext['decoratePresence'] = (...args) => this.#context.decoratePresence(...args)
  /** Makes a message from inside another stanza one that was received. */
  readonly inbound: PluginContext['inbound'] = (...args) => this.#context.inbound(...args)
  readonly waitUntil: PluginContext['waitUntil'] = (work) => this.#context.waitUntil(work)
  readonly event: PluginContext['event'] = () => this.#context.event()
  /** Records the element in {@link nonzas}. */
  readonly sendNonza: PluginContext['sendNonza'] = (element) => this.#context.sendNonza(element)

  /** Registers what happens when a session begins; {@link begin} does. */
  readonly onSession: PluginContext['onSession'] = (...args) => this.#context.onSession(...args)
  /** Registers what happens when a session goes on; {@link resume} does. */
  readonly onResume: PluginContext['onResume'] = (handler) => this.#context.onResume(handler)
  /** Registers a wish for Bind 2; {@link begin} says which are met. */
  readonly inlineBind: PluginContext['inlineBind'] = (...args) => this.#context.inlineBind(...args)
  /** Says that the plugin catches up; nothing to see here. */
  readonly catchesUp: PluginContext['catchesUp'] = (covers) => this.#context.catchesUp(covers)
  readonly on: PluginContext['on'] = (...args) => this.#context.on(...args)
  /** Registers who finds out what became of messages; {@link findSentWith} asks. */
  readonly findSent: PluginContext['findSent'] = (finder) => this.#context.findSent(finder)

  /** Records the error in {@link errors}. */
  readonly reportError = (error: unknown): void => this.#end.core.events.emit('error', error)

  /**
   * Sets a plugin up as the client would, with stand-ins for the plugins it needs, and returns its API.
   *
   * @throws TypeError if a need is missing
   */
  install<Name extends string, Api, Needs extends object>(
    plugin: Plugin<Name, Api, Needs>,
    ...[needs]: {} extends Needs ? [needs?: NeedsInTest<Needs>] : [needs: NeedsInTest<Needs>]
  ): Api {
    const others: AnyPlugin[] = Object.entries(needs ?? {}).map(([name, api]) => standIn(name, api))
    const plugins = [standIn('test', {}, this.#context.features), ...others, plugin]
    const host = new PluginHost(plugins, this.#end.core, this.store)
    this.#hosts.push(host)
    return host.apis[plugin.name] as Api
  }

  /** Delivers a stanza as if the server had sent it; XML without a namespace is in `jabber:client`. */
  receive(stanza: string | XmlElement | Stanza, provenance: Provenance = 'live'): void {
    // Built elements, too, go through the parser: the code under test never sees what could not come over the wire.
    this.#end.deliver(parseXml(String(stanza)), provenance)
  }

  /**
   * Prepares the answers to requests of a pair: a value, a `StanzaError`, or a function that makes one. `from` answers as
   * somebody else than who was asked. Without a prepared answer a request waits for one to be received.
   */
  answer<Q, R>(pair: IqProcedure<Q, R>, responder: Responder<Q, R>, options: { from?: Jid | string } = {}): void {
    const { from } = options
    this.#end.answers.add(pair, responder, typeof from === 'string' ? Jid.parse(from) : from)
  }

  /**
   * Sends the code under test a request and resolves with its typed answer.
   *
   * @param from who asks; default the own server
   * @throws StanzaError if the answer is an error
   * @throws MalformedElementError if the answer does not have the shape of the definition
   */
  async ask<Q, R>(pair: IqProcedure<Q, R>, value: Q, from: Jid | string = this.account.domain): Promise<R> {
    const id = `ask-${++this.#asked}`
    this.receive(iq({ type: pair.type, id, from, to: this.jid }, pair.request.build(value)))
    await this.settled()
    const reply = this.replies.find((each) => each.id === id)
    if (reply?.error !== undefined) throw reply.error
    const payload = reply?.payload
    if (pair.response === undefined || (pair.mayBeEmpty && payload === undefined)) return undefined as R
    if (payload === undefined || !pair.response.matches(payload)) throw new TypeError('the reply has another payload')
    const result = readElement(pair.response, payload)
    if (!result.ok) throw result.error
    return result.value
  }

  /**
   * Resolves when all handlers, prepared answers and replies under way are done.
   *
   * @throws what a handler threw since the last call; `errors` has all of it
   */
  async settled(): Promise<void> {
    await this.#end.settled()
    const [error] = this.errors.slice(this.#reported)
    this.#reported = this.errors.length
    if (error !== undefined) throw error
  }

  /** The connection is lost: requests and unacknowledged sends fail, further sends wait for {@link begin}. */
  lose(): void {
    this.#end.core.detach(new ConnectionError('session', 'closed', 'the connection was lost'))
  }

  /**
   * A new session begins, as it does in a client after `install`: `onSession` handlers run, then what was announced
   * and what waited is sent.
   *
   * @param inlined the features that were switched on while binding
   */
  async begin(inlined: readonly string[] = []): Promise<void> {
    const { core } = this.#end
    core.attach(this.#end, this.#full, { features: this.#offered })
    for (const host of this.#hosts) await host.startSession(new Set(inlined))
    core.begin()
    for (const host of this.#hosts) await host.enterRooms()
  }

  /** The session goes on in a new stream: `onResume` handlers run; first `onSession`, if an earlier process has begun it. */
  async resume(isInherited = false): Promise<void> {
    const { core } = this.#end
    core.attach(this.#end, this.#full, { features: this.#offered })
    core.begin()
    if (isInherited) for (const host of this.#hosts) await host.startSession(new Set(), true)
    for (const host of this.#hosts) await host.resumeSession()
  }

  /** What would be asked for while binding: feature and element. */
  get inline(): readonly { readonly feature: string; readonly element: XmlElement | undefined }[] {
    return this.#hosts.flatMap((host) => host.inline.map(({ feature, build }) => ({ feature, element: build() })))
  }

  /** Asks the installed plugin what became of messages. @throws TypeError if none can find out */
  findSentWith(sent: readonly SentMessage[], signal: AbortSignal = this.signal): Promise<readonly SentFate[]> {
    const finder = this.#hosts.map(({ findSent }) => findSent).find((each) => each !== undefined)
    if (finder === undefined) throw new TypeError('no plugin finds out what became of messages')
    return finder(sent, signal)
  }

  /** The client closes: signals abort, and everything that was registered ends, in reverse order. */
  end(): void {
    const reason = new ConnectionError('session', 'stopped', 'the client was closed')
    for (const host of this.#hosts.splice(0).reverse()) host.close()
    this.#controller.abort(reason)
    for (const subscription of this.#subscriptions.splice(0).reverse()) subscription.dispose()
    this.#end.core.close(reason)
  }

  #keep(subscription: Subscription): Subscription {
    this.#subscriptions.push(subscription)
    return subscription
  }
}
