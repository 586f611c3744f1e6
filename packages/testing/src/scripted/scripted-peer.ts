import { Ack, NS_FRAMING, NS_TLS, type Resume } from '@couplet/client/elements'
import { escapeAttribute, type Infer, Iq, NS_CLIENT, NS_STREAM, serialize, type XmlElement } from '@couplet/stanza'
import { parseXml } from '../parse-xml.js'
import type { TestCertificate } from '../test-authority.js'
import type { Channel } from '../wire/channel.js'
import { PeerClosedError } from './peer-closed-error.js'
import type { PeerSettings } from './peer-settings.js'
import { acceptLogin, answerBind, type OnlineOptions, takeOnline } from './prelude.js'
import { isHeader, Received } from './received.js'
import { isRequest, replyTo } from './reply.js'
import { acceptResumption, type ResumedOptions } from './resumption.js'
import { acceptSasl2, type Sasl2LoginOptions, type Sasl2Played } from './sasl2-prelude.js'

// Taken now, so that a test's fake timers do not stop a script.
const nextTurn = setImmediate

/** How {@link ScriptedPeer.send} cuts what it sends. */
export interface SendOptions {
  /** One write per byte, each in a turn of the event loop of its own. */
  readonly everyByte?: boolean
}

/** One connection of a scripted server: what a script talks to. */
export class ScriptedPeer {
  /** The domain the server plays. */
  readonly domain: string
  /** @internal */
  readonly settings: PeerSettings
  readonly #channel: Channel
  readonly #received: Received
  readonly #waiting = new Set<() => void>()
  readonly #answers = new Map<string, string | ((request: Iq) => string)>()
  readonly #elementAnswers = new Map<string, (element: XmlElement) => string>()
  /** What the client's stanzas so far have to be corrected by, since stream management is on. */
  #uncounted = 0
  #markClosed: () => void = () => {}
  #isClosed = false
  #streams = 0
  #polite = false
  #closing = false

  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void> = new Promise((resolve) => {
    this.#markClosed = resolve
  })

  /** @internal */
  constructor(channel: Channel, settings: PeerSettings) {
    this.domain = settings.domain
    this.settings = settings
    this.#channel = channel
    this.#received = new Received(channel.framed)
    channel.listen({
      data: (chunk) => {
        this.#received.add(chunk)
        this.#answerPending()
        this.#answerClose()
        this.#wake()
      },
      closed: () => {
        this.#isClosed = true
        this.#markClosed()
        this.#wake()
      },
    })
  }

  /** Everything the client has sent so far; over TLS what was inside. */
  get received(): string {
    return this.#received.text
  }

  /** Whether TLS is on, or the client is in this process. */
  get secure(): boolean {
    return this.#channel.secure
  }

  /** Whether the connection is gone. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The data of a channel binding of the TLS connection, such as `tls-exporter`. */
  binding(type: string): Uint8Array | undefined {
    return this.#channel.binding(type)
  }

  /** Sends text as it is, or bytes. Over WebSocket each call is one frame. */
  async send(data: string | Uint8Array, { everyByte = false }: SendOptions = {}): Promise<void> {
    if (!everyByte || this.#channel.framed) {
      this.#channel.write(data)
      return
    }
    for (const byte of Buffer.from(data)) {
      this.#channel.write(Uint8Array.of(byte))
      await new Promise<void>((resolve) => nextTurn(resolve))
    }
  }

  /**
   * Waits until the client has sent something that matches, behind what was waited for before.
   *
   * @throws PeerClosedError if the client closes first
   */
  expect(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(String(pattern), () => this.#received.match(pattern))
  }

  /** Waits for an element of this name; others before it stay for later. @throws PeerClosedError */
  expectElement(ns: string, name: string): Promise<XmlElement> {
    return this.#until(`<${name} xmlns='${ns}'/>`, () =>
      this.#received.element((element) => element.name === name && element.ns === ns),
    )
  }

  /** Waits for an IQ request with this payload, which {@link reply} can answer. @throws PeerClosedError */
  async expectRequest(ns: string, name: string): Promise<Iq> {
    const found = await this.#until(`an IQ with <${name} xmlns='${ns}'/>`, () =>
      this.#received.element((element) => isRequest(element) && element.child(name, ns) !== undefined),
    )
    return new Iq(found)
  }

  /** Answers a request with a payload, or without one. */
  async reply(request: Iq, payload = ''): Promise<void> {
    await this.send(this.#stanza(replyTo(request, payload)))
  }

  /** From now on answers all requests with this payload at once; scripts do not see them any more. */
  answer(ns: string, name: string, payload: string | ((request: Iq) => string) = ''): void {
    this.#answers.set(`${name} ${ns}`, payload)
    this.#answerPending()
  }

  /** From now on answers all elements of this name at once, those that wait included; scripts do not see them any more. */
  answerElement(ns: string, name: string, answer: (element: XmlElement) => string): void {
    this.#elementAnswers.set(`${name} ${ns}`, answer)
    this.#answerPending()
  }

  /** How many stanzas the client has sent since stream management is on: an honest server's `h` (XEP-0198 §4). */
  get handled(): number {
    return (this.#received.stanzas() - this.#uncounted) % 2 ** 32
  }

  /** From now on {@link ScriptedPeer.handled} counts what came behind this element, or comes behind all, beginning with `handled`. */
  countFrom(element?: XmlElement, handled = 0): void {
    this.#uncounted = this.#received.stanzas(element) - handled
  }

  /** The value of {@link handled} when the client sent this element. */
  handledBefore(element: XmlElement): number {
    return (this.#received.stanzas(element) - this.#uncounted) % 2 ** 32
  }

  /** Says how many stanzas were handled (XEP-0198 §4); default as many as came. */
  async ack(h: number = this.handled): Promise<void> {
    await this.send(String(Ack({ h })))
  }

  /** Sends a stanza; without `xmlns` it is in `jabber:client`. */
  async stanza(text: string | XmlElement): Promise<void> {
    await this.send(this.#stanza(typeof text === 'string' ? text : serialize(text, NS_CLIENT)))
  }

  /**
   * Waits for the stream header of the client, answers it, and returns what the client sent.
   *
   * @param attributes of the answer that differ from the usual; `undefined` leaves one out
   */
  async streamHeader(attributes: Readonly<Record<string, string | undefined>> = {}): Promise<XmlElement> {
    const header = await this.#until('a stream header', () => this.#received.element(isHeader))
    const id = `stream-${++this.#streams}`
    const list = Object.entries({ from: this.domain, id, version: '1.0', 'xml:lang': 'en', ...attributes })
    const text = list.flatMap(([key, value]) => (value === undefined ? [] : [` ${key}='${escapeAttribute(value)}'`]))
    await this.send(
      this.#channel.framed
        ? `<open xmlns='${NS_FRAMING}'${text.join('')}/>`
        : `<?xml version='1.0'?><stream:stream xmlns='${NS_CLIENT}' xmlns:stream='${NS_STREAM}'${text.join('')}>`,
    )
    return header
  }

  /** Sends stream features, given as the XML of their elements. */
  async offer(features = ''): Promise<void> {
    const declaration = this.#channel.framed ? ` xmlns:stream='${NS_STREAM}'` : ''
    await this.send(`<stream:features${declaration}>${features}</stream:features>`)
  }

  /** Goes on in TLS; `<proceed/>` is the script's affair. @throws Error if the handshake fails */
  async upgradeTls(certificate: TestCertificate = this.settings.certificate()): Promise<void> {
    if (this.#channel.startTls === undefined) throw new TypeError(`a ${this.#channel.kind} connection has no STARTTLS`)
    await this.#channel.startTls(certificate)
  }

  /** Header, STARTTLS and TLS if the connection is not secure yet: then comes the header of the secured stream. */
  async secured(): Promise<void> {
    if (this.secure) return
    await this.streamHeader()
    await this.offer(`<starttls xmlns='${NS_TLS}'><required/></starttls>`)
    await this.expectElement(NS_TLS, 'starttls')
    await this.send(`<proceed xmlns='${NS_TLS}'/>`)
    await this.upgradeTls()
  }

  /** Plays an honest login by SCRAM-SHA-256, from the stream header to `<success/>`. @throws SaslFailure */
  login(credentials: { readonly user?: string; readonly password?: string } = {}): Promise<void> {
    return acceptLogin(this, { ...this.settings, ...credentials })
  }

  /** Plays resource binding, from the header that follows the login; returns the full JID. */
  bind(options: OnlineOptions = {}): Promise<string> {
    return answerBind(this, options)
  }

  /** All of it, until the client is online with its roster and carbons (setup T3); returns the full JID. */
  online(options: OnlineOptions = {}): Promise<string> {
    return takeOnline(this, options)
  }

  /**
   * Plays a login and the resumption of an earlier session (XEP-0198 §5, setup T5); returns what the client asked for.
   * It is for the second connection, behind one with `online({ management: … })`.
   */
  resumed(options: ResumedOptions): Promise<Infer<typeof Resume>> {
    return acceptResumption(this, options)
  }

  /** Plays a login by SASL2 with what is done inline (XEP-0388), honest unless told otherwise. @throws SaslFailure */
  sasl2Login(options: Sasl2LoginOptions = {}): Promise<Sasl2Played> {
    return acceptSasl2(this, options)
  }

  /**
   * From now on a client that ends its stream is answered in kind, as a good server does (RFC 6120 §4.4). So it is after
   * {@link online}, and when the script is over.
   */
  polite(): void {
    this.#polite = true
    this.#answerClose()
  }

  /** Ends the stream and closes the connection. */
  async close(): Promise<void> {
    this.#closing = true
    await this.send(this.#channel.framed ? `<close xmlns='${NS_FRAMING}'/>` : '</stream:stream>')
    this.#channel.end()
  }

  /** Closes the connection as it is, after everything was sent. */
  end(): void {
    this.#channel.end()
  }

  /** Breaks the connection. */
  destroy(): void {
    this.#channel.destroy()
  }

  async #until<T>(what: string, look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.#isClosed) throw new PeerClosedError(`the client closed before it sent ${what}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #wake(): void {
    for (const resume of [...this.#waiting]) resume()
    this.#waiting.clear()
  }

  #answerPending(): void {
    for (const element of this.#received.pending) {
      const elementAnswer = this.#elementAnswers.get(`${element.name} ${element.ns}`)
      if (elementAnswer !== undefined) {
        const text = elementAnswer(element)
        this.#received.take(element)
        void this.send(text)
      }
      if (!isRequest(element)) continue
      const request = new Iq(element)
      const { payload } = request
      const answer = payload && this.#answers.get(`${payload.name} ${payload.ns}`)
      if (answer === undefined) continue
      this.#received.take(element)
      void this.reply(request, typeof answer === 'string' ? answer : answer(request))
    }
  }

  #answerClose(): void {
    if (this.#polite && !this.#closing && this.#received.ended) void this.close()
  }

  #stanza(text: string): string {
    return this.#channel.framed ? serialize(parseXml(text)) : text
  }
}
