import { type Provenance, type RequestOptions, SessionCore, type StanzaWriter } from '@couplet/client'
import {
  type FullJid,
  Iq,
  type IqProcedure,
  iq,
  Jid,
  Message,
  Presence,
  serialize,
  type XmlElement,
} from '@couplet/stanza'
import { parseXml } from './parse-xml.js'
import { ScriptedAnswers } from './scripted-answers.js'

/** The client's core, which tells requests of the code under test from those it makes itself. */
class ObservedCore extends SessionCore {
  requesting = false

  override request<Q, R>(pair: IqProcedure<Q, R>, value: Q, options?: RequestOptions): Promise<R> {
    this.requesting = true // a request is written before this call returns
    try {
      return super.request(pair, value, options)
    } finally {
      this.requesting = false
    }
  }
}

/** The other end of a session without a server: takes what the core writes, keeps it, and answers as it was told. */
export class FarEnd implements StanzaWriter {
  readonly core: SessionCore
  readonly sent: (Message | Presence)[] = []
  readonly requests: Iq[] = []
  readonly replies: Iq[] = []
  readonly nonzas: XmlElement[] = []
  readonly answers = new ScriptedAnswers()
  readonly #core: ObservedCore
  readonly #running = new Set<Promise<void>>()
  /** What ends the wait for the reply to a request that was delivered, by sender and id. */
  readonly #waiting = new Map<string, () => void>()

  constructor(jid: FullJid) {
    this.#core = new ObservedCore({ account: jid.bare })
    this.core = this.#core
  }

  /** Delivers a stanza; a request is under way until it is answered. */
  deliver(element: XmlElement, provenance: Provenance): void {
    const key = replyKey(element, 'from')
    const isRequest = element.name === 'iq' && ['get', 'set'].includes(element.attr('type') ?? '')
    const from = element.attr('from')
    // Without an id, or from nobody, there is no reply to wait for.
    if (isRequest && element.attr('id') && (from === undefined || Jid.tryParse(from) !== undefined)) {
      this.#track(new Promise((done) => this.#waiting.set(key, done)))
    }
    this.core.deliver(element, provenance)
  }

  write(text: string): void {
    const element = parseXml(text)
    if (element.name === 'message') this.sent.push(new Message(element))
    else if (element.name === 'presence') this.sent.push(new Presence(element))
    else this.#takeIq(new Iq(element))
  }

  sendElement(element: XmlElement): void {
    this.nonzas.push(parseXml(serialize(element)))
  }

  /** Resolves when all handlers, answers and replies under way are done. */
  async settled(): Promise<void> {
    do {
      await this.core.settled()
      await Promise.all(this.#running)
    } while (this.#running.size > 0)
    await this.core.settled()
  }

  #takeIq(stanza: Iq): void {
    if (stanza.type === 'result' || stanza.type === 'error') {
      this.replies.push(stanza)
      this.#waiting.get(replyKey(stanza.element, 'to'))?.()
    } else if (this.#core.requesting) {
      this.requests.push(stanza)
      const reply = this.answers.replyTo(stanza)
      if (reply !== undefined) this.#track(this.#reply(reply))
    } else {
      // The core asks whether the server has handled what was sent before; this server always has.
      const acknowledgement = iq({ type: 'result', id: stanza.id, from: stanza.to })
      this.#track(this.#reply(Promise.resolve(acknowledgement.element)))
    }
  }

  async #reply(reply: Promise<XmlElement>): Promise<void> {
    try {
      this.core.deliver(await reply)
    } catch (error) {
      this.core.events.emit('error', error)
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked))
    this.#running.add(tracked)
  }
}

const replyKey = (element: XmlElement, peer: 'from' | 'to'): string =>
  `${element.attr(peer) ?? ''} ${element.attr('id')}`
