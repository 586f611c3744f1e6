import { type ElementDef, type IqProcedure, Malformed, type XmlElement } from '@couplet/stanza'
import type { LoopbackSession } from './account.js'
import type { LoopbackRequest, MessageHooks, PresenceHooks, RequestTarget } from './loopback-module.js'
import type { LoopbackStream } from './loopback-stream.js'
import type { IqHandlers } from './route-iq.js'

interface BindFeature {
  readonly feature: string
  readonly def: ElementDef<unknown>
  readonly run: (value: unknown, session: LoopbackSession) => XmlElement | undefined
}

type ElementHandler = {
  readonly def: ElementDef<unknown>
  readonly run: (value: unknown, stream: LoopbackStream) => void
}

/** What the modules of a loopback server have asked to be told and to be asked. */
export class ModuleHooks {
  readonly messageHooks: MessageHooks[] = []
  readonly presenceHooks: PresenceHooks[] = []
  readonly iqHandlers: IqHandlers = new Map()
  readonly #features: Record<RequestTarget, Set<string>> = { server: new Set(), account: new Set(), contact: new Set() }
  readonly #streamFeatures: ((stream: LoopbackStream) => XmlElement | undefined)[] = []
  readonly #elementHandlers: ElementHandler[] = []
  readonly #bindFeatures: BindFeature[] = []
  readonly #binders: ((session: LoopbackSession) => XmlElement | undefined)[] = []
  readonly #keepers: ((session: LoopbackSession) => boolean)[] = []
  readonly #endings: ((session: LoopbackSession) => void)[] = []

  handle<Q, R>(
    target: RequestTarget,
    pair: IqProcedure<Q, R>,
    handler: (value: Q, request: LoopbackRequest) => R | Promise<R>,
  ): void {
    for (const tag of pair.request.tags) {
      const key = `${target} ${pair.type} ${tag} ${pair.request.ns}`
      if (this.iqHandlers.has(key)) throw new TypeError(`two handlers for ${key}`)
      this.iqHandlers.set(key, { pair, handler } as never)
    }
  }

  advertise(target: RequestTarget, feature: string): void {
    this.#features[target].add(feature)
  }

  advertised(target: RequestTarget): readonly string[] {
    return [...this.#features[target]].sort()
  }

  streamFeature(feature: (stream: LoopbackStream) => XmlElement | undefined): void {
    this.#streamFeatures.push(feature)
  }

  /** What a client that has logged in is offered. */
  streamFeatures(stream: LoopbackStream): XmlElement[] {
    return this.#streamFeatures.flatMap((feature) => feature(stream) ?? [])
  }

  bindFeature<T>(
    feature: string,
    def: ElementDef<T>,
    run: (value: T, session: LoopbackSession) => XmlElement | undefined,
  ): void {
    this.#bindFeatures.push({ feature, def, run } as unknown as BindFeature)
  }

  /** What can be switched on with Bind 2. */
  get bindFeatures(): readonly string[] {
    return [...new Set(this.#bindFeatures.map(({ feature }) => feature))]
  }

  onBind(bound: (session: LoopbackSession) => XmlElement | undefined): void {
    this.#binders.push(bound)
  }

  /** Switches on what a `<bind/>` asks for; returns what `<bound/>` is to say. */
  boundWith(request: XmlElement, session: LoopbackSession): XmlElement[] {
    const facts = this.#binders.flatMap((bound) => bound(session) ?? [])
    const answers = this.#bindFeatures.flatMap(({ def, run }) => {
      const value = request.get(def)
      return value === undefined ? [] : (run(value, session) ?? [])
    })
    return [...facts, ...answers]
  }

  onElement<T>(def: ElementDef<T>, handler: (value: T, stream: LoopbackStream) => void): void {
    this.#elementHandlers.push({ def, run: handler } as unknown as ElementHandler)
  }

  /** Offers an element that is not a stanza to the modules; returns whether one took it. */
  takeElement(element: XmlElement, stream: LoopbackStream): boolean {
    for (const { def, run } of this.#elementHandlers) {
      const value = def.matches(element) ? def.parse(element) : undefined
      if (value === undefined || value instanceof Malformed) continue
      run(value, stream)
      return true
    }
    return false
  }

  onMessage(hooks: MessageHooks): void {
    this.messageHooks.push(hooks)
  }

  onPresence(hooks: PresenceHooks): void {
    this.presenceHooks.push(hooks)
  }

  onLost(keep: (session: LoopbackSession) => boolean): void {
    this.#keepers.push(keep)
  }

  /** Whether a module keeps a session whose connection broke. */
  protected keeps(session: LoopbackSession): boolean {
    return this.#keepers.some((keep) => keep(session))
  }

  onEnd(ended: (session: LoopbackSession) => void): void {
    this.#endings.push(ended)
  }

  /** Tells the modules that a session is over. */
  protected ended(session: LoopbackSession): void {
    for (const hear of this.#endings) hear(session)
  }
}
