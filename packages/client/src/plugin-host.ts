import type { AnyPlugin, PluginContext } from './plugin.js'
import { pluginEvent } from './plugin-event.js'
import type { Handled, StanzaFilter } from './session.js'
import type { SessionCore } from './session-core.js'
import { type StateStore, scopedStore } from './state-store.js'
import { Subscription } from './subscription.js'

/** Sets plugins up in the order of their needs, gives each its context, and takes everything back in reverse. */
export class PluginHost {
  /** The plugins' APIs by name. */
  readonly apis: Readonly<Record<string, unknown>>
  /** What all plugins add to what the client advertises. */
  readonly features: readonly string[]
  readonly #abort = new AbortController()
  readonly #subscriptions = new Set<Subscription>()
  readonly #sessionHandlers = new Set<() => Handled>()
  readonly #core: SessionCore
  #starting = false

  /** @throws TypeError if a need is not met, a name is taken or reserved, or needs go round in a circle */
  constructor(plugins: readonly AnyPlugin[], core: SessionCore, store: StateStore) {
    this.#core = core
    this.features = [...new Set(plugins.flatMap(({ features }) => features ?? []))].sort()
    const apis: Record<string, unknown> = {}
    this.apis = apis
    try {
      for (const plugin of inOrder(plugins)) apis[plugin.name] = this.#setUp(plugin, store, apis)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Runs what plugins do at the beginning of a session, one after the other. */
  async startSession(): Promise<void> {
    this.#starting = true
    for (const handler of [...this.#sessionHandlers]) await this.#core.events.run(handler)
    this.#starting = false
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

  #context(plugin: AnyPlugin, store: StateStore): PluginContext {
    const core = this.#core
    const keep = (subscription: Subscription): Subscription => {
      const kept = new Subscription(() => {
        this.#subscriptions.delete(kept)
        subscription.dispose()
      })
      this.#subscriptions.add(kept)
      return kept
    }
    return {
      get jid() {
        return core.jid
      },
      get account() {
        return core.account
      },
      features: this.features,
      get serverFeatures() {
        return core.serverFeatures
      },
      get isOnline() {
        return core.isOnline
      },
      signal: this.#abort.signal,
      get store() {
        return scopedStore(store, `${core.account}/${plugin.name}/`)
      },
      // What the application queued waits for the beginning, so the beginning must not wait behind it.
      send: (stanza) => core.send(stanza, this.#starting),
      request: (pair, value, options) => core.request(pair, value, options),
      onMessage: (...args: Parameters<SessionCore['onMessage']>) => keep(core.onMessage(...checked(plugin, args))),
      onPresence: (...args: Parameters<SessionCore['onPresence']>) => keep(core.onPresence(...checked(plugin, args))),
      handle: (pair, handler, filter) => keep(core.handle(pair, handler, filter)),
      announce: (announcer) => keep(core.announce(announcer)),
      inbound: (element, provenance) => core.inbound(element, provenance),
      event: () => pluginEvent((code) => core.run(code), keep),
      sendNonza: (element) => core.sendNonza(element),
      onSession: (handler) => {
        this.#sessionHandlers.add(handler)
        return keep(new Subscription(() => this.#sessionHandlers.delete(handler)))
      },
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
