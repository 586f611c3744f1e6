import {
  type BareJid,
  type ElementDef,
  type Iq,
  type Jid,
  type Message,
  type Presence,
  readElement,
  type Stanza,
  StanzaError,
  type XmlElement,
} from '@couplet/stanza'
import type { Emitter } from './events.js'
import type { Handlers, Listeners, PayloadListener } from './handlers.js'
import type { InboundMessage } from './inbound-message.js'
import type { Lanes } from './lanes.js'
import type { Handled, Origin } from './session.js'

/** What is still to be called for a stanza, when it is its conversation's turn. */
type Call = () => Handled

/** What keeps a stanza from handlers that want all of them. */
type Claim = 'protocol' | 'content'

/** Brings inbound stanzas to their handlers, and holds the one rule about who may send what. */
export class Router {
  readonly #handlers: Handlers
  readonly #account: () => BareJid
  readonly #events: Emitter
  readonly #running = new Set<Promise<void>>()
  readonly #lanes: Lanes
  /** Handlers of the stanza that is being delivered which are not done. */
  #unfinished: Promise<void>[] = []

  /** @param account asked each time, because an anonymous login learns it late */
  constructor(handlers: Handlers, account: () => BareJid, events: Emitter, lanes: Lanes) {
    this.#handlers = handlers
    this.#account = account
    this.#events = events
    this.#lanes = lanes
  }

  /**
   * Delivers a message. Errors are reported, not delivered: a bot that answers them would go round in circles.
   *
   * @returns when all handlers are done, if not at once
   */
  deliverMessage(message: InboundMessage): Promise<void> | undefined {
    const { error } = message
    if (error !== undefined) {
      this.#events.emit('undeliverable', { error, message })
      return undefined
    }
    for (const isRefused of this.#handlers.refusals) {
      if (!isRefused(message)) continue
      this.#events.emit('rejected', { reason: 'origin', stanza: message.element })
      return undefined
    }
    const done = this.#deliver(this.#handlers.messages, message, true)
    if (done === undefined) this.#tellHandled(message)
    else void done.then(() => this.#tellHandled(message))
    return done
  }

  /** Delivers a presence. @returns when all handlers are done, if not at once */
  deliverPresence(presence: Presence): Promise<void> | undefined {
    return this.#deliver(this.#handlers.presences, presence, presence.element.attr('type') !== 'error')
  }

  /** Answers an IQ of type `get` or `set`: exactly one reply, whatever happens. */
  async answer(request: Iq): Promise<{ readonly payload: XmlElement | undefined } | { readonly error: StanzaError }> {
    const { payload } = request
    const entry = this.#handlers.answerer(request)
    if (entry === undefined) return { error: new StanzaError({ condition: 'service-unavailable' }) }
    if (!this.#mayCome(entry.from, request.from)) {
      this.#events.emit('rejected', { reason: 'origin', allowed: String(entry.from), stanza: request.element })
      // What a client without this handler says, so that nobody learns more (S-160).
      return { error: new StanzaError({ condition: 'service-unavailable' }) }
    }
    const read = this.#read(entry.pair.request, payload as XmlElement, request.element)
    if (read === undefined) return { error: new StanzaError({ condition: 'bad-request' }) }
    try {
      const { from = this.#account(), to = this.#account(), id } = request
      const result = await entry.handler(read.value, { from, to, id })
      const isEmpty = entry.pair.mayBeEmpty && result === undefined
      return { payload: isEmpty ? undefined : entry.pair.response?.build(result) }
    } catch (error) {
      if (isStanzaError(error)) return { error }
      this.#events.emit('error', error)
      return { error: new StanzaError({ condition: 'internal-server-error' }) }
    }
  }

  /** Resolves when all handlers that are running now have finished. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** Runs a handler, reports what it throws, and keeps an eye on it if it takes longer. @returns when it is done, if not at once */
  run(code: () => Handled): Promise<void> | undefined {
    const running = this.#events.run(code)
    if (running === undefined) return undefined
    this.#running.add(running)
    this.#unfinished.push(running)
    void running.then(() => this.#running.delete(running))
    return running
  }

  /** Protocols first and at once; then the application, conversation by conversation. */
  #deliver<S extends Stanza>(listeners: Listeners<S>, stanza: S, hasPayloads: boolean): Promise<void> | undefined {
    const calls: Call[] = []
    const atOnce = this.#collect(() => {
      const claim = hasPayloads ? this.#deliverPayloads(listeners, stanza, calls) : undefined
      // Whoever wants to see everything sees presences that are somebody's protocol as well.
      if (claim === 'protocol' && stanza.element.name !== 'presence') return
      this.#deliverWhole(listeners, stanza, claim === 'content' ? undefined : calls)
    })
    if (calls.length === 0) return atOnce
    const lane = this.#inTurn(stanza, () =>
      this.#collect(() => {
        for (const call of calls) this.run(call)
      }),
    )
    if (lane !== undefined) {
      this.#running.add(lane)
      void lane.then(() => this.#running.delete(lane))
    }
    return atOnce === undefined || lane === undefined ? (atOnce ?? lane) : Promise.all([atOnce, lane]).then(() => {})
  }

  /** Runs a task when it is its turn in its conversation; messages may have to wait for earlier ones. */
  #inTurn(stanza: Stanza, task: () => Promise<void> | undefined): Promise<void> | undefined {
    const { hold } = this.#handlers
    const run = (): Promise<void> | undefined => this.#lanes.run(stanza.from?.bare.toString() ?? '', task)
    if (!hold.isOn || stanza.element.name !== 'message') return run()
    return new Promise((resolve) => {
      hold.add(stanza as Message, () => {
        const running = run()
        if (running === undefined) resolve()
        else void running.then(resolve)
      })
    })
  }

  #tellHandled(message: InboundMessage): void {
    for (const handler of [...this.#handlers.handled]) this.#events.run(() => handler(message))
  }

  /** Runs something synchronous; resolves when the handlers it called are done. */
  #collect(code: () => void): Promise<void> | undefined {
    const outer = this.#unfinished
    const own: Promise<void>[] = []
    this.#unfinished = own
    try {
      code()
    } finally {
      this.#unfinished = outer
    }
    return own.length === 0 ? undefined : Promise.all(own).then(() => {})
  }

  /** @param calls those of the application; `undefined` if it does not get the stanza */
  #deliverWhole<S extends Stanza>({ all }: Listeners<S>, stanza: S, calls: Call[] | undefined): void {
    for (const [handler, atOnce] of [...all]) {
      // A handler that an earlier one has taken back is not called any more.
      const call = (): Handled => (all.has(handler) ? handler(stanza) : undefined)
      if (atOnce) this.run(call)
      else calls?.push(call)
    }
  }

  /** Calls those who listen for the stanza's payloads; returns whether it was somebody's protocol, or content in another form. */
  #deliverPayloads<S extends Stanza>(listeners: Listeners<S>, stanza: S, calls: Call[]): Claim | undefined {
    if (listeners.byNamespace.size === 0) return undefined
    let claim: Claim | undefined
    const called = new Set<PayloadListener<S>>()
    for (const node of stanza.element.children) {
      if (typeof node === 'string') continue
      const candidates = listeners.byNamespace.get(node.ns)
      if (candidates === undefined) continue
      let refused: PayloadListener<S> | undefined
      let accepted = false
      for (const listener of candidates) {
        if (called.has(listener) || !listener.def.matches(node)) continue
        const isListening = (): boolean => listeners.byNamespace.get(node.ns)?.includes(listener) === true
        if (!isListening()) continue // taken back by an earlier one
        called.add(listener) // the first payload counts, as in `message.get`
        if (!this.#mayCome(listener.from, stanza.from)) {
          refused = listener
          continue
        }
        accepted = true
        if (listener.claims) claim ??= 'content'
        // A malformed payload never costs the message that carries it.
        const read = this.#read(listener.def, node, stanza.element)
        if (read === undefined) continue
        if (listener.from !== 'anyone') claim = 'protocol'
        const call = (): Handled => (isListening() ? listener.handler(read.value, stanza) : undefined)
        if (listener.atOnce) this.run(call)
        else calls.push(call)
      }
      if (refused !== undefined && !accepted) {
        this.#events.emit('rejected', { reason: 'origin', allowed: String(refused.from), stanza: stanza.element })
      }
    }
    return claim
  }

  /** Reads a payload; reports what is malformed, and a definition that somebody wrote by hand and that throws. */
  #read(def: ElementDef<unknown>, node: XmlElement, stanza: XmlElement): { readonly value: unknown } | undefined {
    try {
      const read = readElement(def, node)
      if (read.ok) return read
      this.#events.emit('malformed', { error: read.error, stanza })
    } catch (error) {
      this.#events.emit('error', error)
    }
    return undefined
  }

  /** The origin rule. An absent sender is the own account (RFC 6120 §8.1.2.1). */
  #mayCome(allowed: Origin | Jid, from: Jid | undefined): boolean {
    const account = this.#account()
    if (allowed === 'anyone') return true
    if (allowed === 'anyAccount') return from === undefined || from.isBare()
    if (allowed === 'ownAccount') return from === undefined || from.equals(account)
    if (allowed === 'ownServer') {
      return from === undefined || from.equals(account) || from.toString() === account.domain
    }
    return from === undefined ? allowed.equals(account) : from.equals(allowed)
  }
}

/** Also for one that was made by another copy of the package. */
function isStanzaError(error: unknown): error is StanzaError {
  return error instanceof Error && error.name === 'StanzaError' && 'condition' in error && 'element' in error
}
