import { AdvertisedFeatures } from './advertised-features.js'
import type { InlineFeature } from './login.js'
import type { AnyPlugin, InlineBind, PluginContext, SentFinder, SessionHandler, SessionStage } from './plugin.js'
import { pluginEvent } from './plugin-event.js'
import type { StanzaFilter } from './session.js'
import type { SessionCore } from './session-core.js'
import { type StateStore, scopedStore } from './state-store.js'
import { Subscription } from './subscription.js'

/** Keeps a subscription until the client closes. */
type Keep = (subscription: Subscription) => Subscription

type Stage = SessionStage | 'resume'

/**
 * Sets plugins up in the order of their needs, gives each its context, and takes everything back in reverse.
 *
 * @internal
 */
export class PluginHost {
  /** The plugins' APIs by name. */
  readonly apis: Readonly<Record<string, unknown>>
  readonly #features: AdvertisedFeatures
  readonly #abort = new AbortController()
  readonly #subscriptions = new Set<Subscription>()
  /** What plugins do at the beginning of a session, or when one goes on. */
  readonly #starters = new Set<{ readonly stage: Stage; readonly handler: SessionHandler }>()
  /** Whether the archive covers what the next login would miss, if a plugin knows. */
  covers: (() => boolean | Promise<boolean>) | undefined
  /** What plugins are storing; none of it rejects. */
  readonly work = new Set<Promise<unknown>>()
  /** What plugins want switched on while binding. */
  readonly inline: InlineFeature[] = []
  #inlined: ReadonlySet<string> = new Set()
  #finder: SentFinder | undefined
  readonly #core: SessionCore
  /** Whether handlers are being called for the beginning of a session. */
  #starting = false

  /** @throws TypeError if a need is not met, a name is taken or reserved, or needs go round in a circle */
  constructor(plugins: readonly AnyPlugin[], core: SessionCore, store: StateStore) {
    this.#core = core
    this.#features = new AdvertisedFeatures(
      plugins.flatMap(({ features }) => features ?? []),
      (code) => core.run(code),
    )
    const apis: Record<string, unknown> = {}
    this.apis = apis
    try {
      for (const plugin of inOrder(plugins)) apis[plugin.name] = this.#setUp(plugin, store, apis)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Runs what plugins do at the beginning of a session: their first requests leave together, in the order of stages.
   *
   * @param isResumed it is one that an earlier process has begun: nothing was missed
   */
  async startSession(inlined: ReadonlySet<string> = new Set(), isResumed = false): Promise<void> {
    this.#inlined = inlined
    await this.#start(isResumed ? ['stream', 'state'] : ['stream', 'state', 'archive'], isResumed)
  }

  /** Runs what plugins do after the presence. */
  enterRooms(): Promise<void> {
    return this.#start(['rooms'])
  }

  /** Tells plugins that the session goes on in a new stream. */
  resumeSession(): Promise<void> {
    return this.#start(['resume'])
  }

  /** What all plugins add to what the client advertises, at this moment. */
  get features(): readonly string[] {
    return this.#features.list
  }

  /** What became of messages that were sent in a lost session; `undefined` if no plugin can find out. */
  get findSent(): SentFinder | undefined {
    return this.#finder
  }

  async #start(stages: readonly Stage[], isResumed = false): Promise<void> {
    const starters = stages.flatMap((wanted) => [...this.#starters].filter(({ stage }) => stage === wanted))
    // Not until they are done: what others say meanwhile has its place in the queue.
    this.#starting = true
    const running = starters.map(({ handler }) => this.#core.events.run(() => handler(isResumed)))
    this.#starting = false
    await Promise.all(running)
  }

  /** Ends all plugins. */
  close(): void {
    this.#abort.abort(new DOMException('the client was closed', 'AbortError'))
    for (const subscription of [...this.#subscriptions].reverse()) subscription.dispose()
  }

  #setUp(plugin: AnyPlugin, store: StateStore, apis: Readonly<Record<string, unknown>>): unknown {
    const context = this.#context(plugin, store)
    // It would take the place of `send` or `store` in the context of those who need it.
    if (plugin.name in context) throw new TypeError(`a plugin cannot be called "${plugin.name}"`)
    const needs = Object.fromEntries(Object.keys(plugin.needs).map((name) => [name, apis[name]]))
    return plugin.setup(Object.assign(context, needs))
  }

  #register(stage: Stage, handler: SessionHandler, keep: Keep): Subscription {
    const starter = { stage, handler }
    this.#starters.add(starter)
    return keep(new Subscription(() => this.#starters.delete(starter)))
  }

  #addInline(feature: InlineFeature): InlineBind {
    this.inline.push(feature)
    const isDone = (): boolean => this.#inlined.has(feature.feature)
    return {
      get done() {
        return isDone()
      },
    }
  }

  #setFinder(finder: SentFinder): Subscription {
    if (this.#finder !== undefined) throw new TypeError('two plugins find out what became of sent messages')
    this.#finder = finder
    return new Subscription(() => {
      this.#finder = undefined
    })
  }

  #keep(subscription: Subscription): Subscription {
    const kept = new Subscription(() => {
      this.#subscriptions.delete(kept)
      subscription.dispose()
    })
    this.#subscriptions.add(kept)
    return kept
  }

  /** Where the plugin stores, and how closing waits for that. */
  #storage({ name }: AnyPlugin, store: StateStore): Pick<PluginContext, 'store' | 'waitUntil'> {
    const scoped = scopedStore(store, () => `${this.#core.account}/${name}/`)
    const waitUntil: PluginContext['waitUntil'] = (work) => {
      const done = (): unknown => this.work.delete(settled)
      const settled = work.then(done, done)
      this.work.add(settled)
      return work
    }
    return { store: { ...scoped, batch: (changes) => waitUntil(scoped.batch(changes)) }, waitUntil }
  }

  /** What plugins are told about sessions, and asked for. */
  #sessionHooks(keep: Keep): Pick<PluginContext, 'onSession' | 'onResume' | 'inlineBind' | 'catchesUp' | 'findSent'> {
    return {
      onSession: (handler, stage = 'state') => this.#register(stage, handler, keep),
      onResume: (handler) => this.#register('resume', handler, keep),
      inlineBind: (feature, build) => this.#addInline({ feature, build }),
      catchesUp: (covers) => {
        this.covers = covers
      },
      findSent: (finder) => keep(this.#setFinder(finder)),
    }
  }

  /** When the application gets messages, and is done with them. */
  #inboxHooks(keep: Keep): Pick<PluginContext, 'refuse' | 'onHandled' | 'holdMessages' | 'passMessage'> {
    const core = this.#core
    return {
      refuse: (isRefused) => keep(core.refuse(isRefused)),
      onHandled: (handler) => keep(core.onHandled(handler)),
      holdMessages: () => keep(core.hold.begin()),
      passMessage: (message) => core.hold.pass(message),
    }
  }

  #context(plugin: AnyPlugin, store: StateStore): PluginContext {
    const core = this.#core
    const advertised = this.#features
    const keep: Keep = (subscription) => this.#keep(subscription)
    return {
      get jid() {
        return core.jid
      },
      get account() {
        return core.account
      },
      get features() {
        return advertised.list
      },
      advertise: (feature) => keep(advertised.add(feature)),
      onFeatures: (handler) => keep(advertised.onChange(handler)),
      get serverFeatures() {
        return core.serverFeatures
      },
      get isOnline() {
        return core.isOnline
      },
      signal: this.#abort.signal,
      // What the application queued waits for the beginning, so its presences must not wait behind that.
      send: (stanza) => core.send(stanza, this.#starting),
      request: (pair, value, options) => core.request(pair, value, options),
      onMessage: (...args: Parameters<SessionCore['onMessage']>) =>
        keep(core.atOnce.onMessage(...checked(plugin, args))),
      onPresence: (...args: Parameters<SessionCore['onPresence']>) =>
        keep(core.atOnce.onPresence(...checked(plugin, args))),
      handle: (pair, handler, filter) => keep(core.handle(pair, handler, filter)),
      announce: (announcer) => keep(core.announcement.decide(announcer)),
      decoratePresence: (decorator) => core.announcement.decorate(decorator, keep),
      inbound: (element, provenance) => core.inbound(element, provenance),
      event: () => pluginEvent((code) => core.run(code), keep),
      subscription: (dispose) => keep(new Subscription(dispose)),
      sendNonza: (element) => core.sendNonza(element),
      ...this.#storage(plugin, store),
      ...this.#sessionHooks(keep),
      ...this.#inboxHooks(keep),
      on: (name, listener) => keep(core.events.on(name, listener)),
      reportError: (error) => core.events.emit('error', error),
    }
  }
}

/** A plugin must say who may send the payloads it acts upon: the origin rule has no silent default. */
function checked<A extends readonly unknown[]>(plugin: AnyPlugin, args: A): A {
  const [, handler, filter] = args as readonly unknown[] as readonly [unknown, unknown, StanzaFilter | undefined]
  if (handler !== undefined && filter?.from === undefined) {
    throw new TypeError(`plugin "${plugin.name}" listens for a payload without saying who may send it`)
  }
  return args
}

/** Those that are needed come first; otherwise the order is kept. */
function inOrder(plugins: readonly AnyPlugin[]): readonly AnyPlugin[] {
  const byName = new Map<string, AnyPlugin>()
  for (const plugin of plugins) {
    if (byName.has(plugin.name)) throw new TypeError(`two plugins are called "${plugin.name}"`)
    byName.set(plugin.name, plugin)
  }
  const ordered = new Set<AnyPlugin>()
  const place = (plugin: AnyPlugin, path: readonly string[]): void => {
    if (ordered.has(plugin)) return
    if (path.includes(plugin.name))
      throw new TypeError(`plugins need each other: ${[...path, plugin.name].join(' → ')}`)
    for (const name of Object.keys(plugin.needs)) {
      const needed = byName.get(name)
      if (needed === undefined) throw new TypeError(`plugin "${plugin.name}" needs plugin "${name}"`)
      place(needed, [...path, plugin.name])
    }
    ordered.add(plugin)
  }
  for (const plugin of plugins) place(plugin, [])
  return [...ordered]
}
