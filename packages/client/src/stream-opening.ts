import { type BareJid, NS_STREAM, StreamError, type XmlElement } from '@couplet/stanza'
import { ConnectionError, type ConnectionPhase } from './connection-error.js'
import { within } from './deadline.js'
import { Proceed, StartTls } from './elements.js'
import { legal, type NegotiationState, phaseLimits } from './negotiation-states.js'
import type { XmppStream } from './xmpp-stream.js'

/** What it takes to open a stream. */
export interface OpeningOptions {
  /** The account, or the domain alone for an anonymous login. */
  readonly account: BareJid
  /** The language of what we send. */
  readonly lang: string
  /** Ends the attempt. */
  readonly signal: AbortSignal
}

/** The beginning of every stream: TLS, the headers and the features (RFC 6120 §4.3). */
export class StreamOpening {
  /** The stream that is being opened. */
  protected readonly stream: XmppStream
  readonly #options: OpeningOptions

  constructor(stream: XmppStream, options: OpeningOptions) {
    this.stream = stream
    this.#options = options
  }

  /**
   * Opens the stream as far as what the server offers to whoever is there, over verified TLS only.
   *
   * @throws ConnectionError, StreamError, MalformedElementError
   */
  async open(): Promise<XmlElement> {
    if (!this.stream.connection.secure) await this.startTls()
    this.writeHeader()
    return this.readFeatures()
  }

  /** Sends an element; nothing more once the login is given up. */
  send(element: XmlElement): void {
    if (!this.#options.signal.aborted) this.stream.sendElement(element)
  }

  /** The next element, which must be legal in this state. */
  async expect(state: NegotiationState): Promise<XmlElement> {
    const { phase, elements } = legal[state]
    const event = await within(phase, phaseLimits[phase], this.#options.signal, this.stream.next(phase))
    if (event.type === 'error') throw event.error
    if (event.type === 'end') throw new ConnectionError(phase, 'closed', 'the server closed the stream')
    if (event.type === 'element') {
      const { element } = event
      if ((elements as readonly string[]).includes(`${element.name} ${element.ns}`)) return element
    }
    return this.refuse(phase, 'unexpected-element', 'the server sent what is not allowed here')
  }

  /** Ends the stream, because the server does what it must not. @throws ConnectionError */
  refuse(phase: ConnectionPhase, code: 'unexpected-element' | 'tls-required', message: string): never {
    this.stream.close(new StreamError({ condition: 'policy-violation', text: message }))
    throw new ConnectionError(phase, code, message)
  }

  /** The first header, or one that restarts the stream. */
  protected writeHeader(): void {
    const { account, lang } = this.#options
    const from = this.stream.connection.secure && account.local !== undefined ? account.toString() : undefined
    this.stream.open({ to: account.domain, from, lang })
  }

  protected async readFeatures(): Promise<XmlElement> {
    const header = within('stream', phaseLimits.stream, this.#options.signal, this.stream.next('stream'))
    const event = await header
    if (event.type === 'error') throw event.error
    if (event.type === 'end') throw new ConnectionError('stream', 'closed', 'the server closed the stream')
    if (event.type !== 'start') this.refuse('stream', 'unexpected-element', 'the server sent no stream header')
    this.#checkHeader(event.header)
    const features = await this.expect('features')
    // Only now: a server that does not know our domain says so under a name of its own (RFC 6120 §4.9.1.2).
    this.#checkSender(event.header)
    return features
  }

  /** RFC 6120 §4.7.5: without `version` there is no SASL. */
  #checkHeader(header: XmlElement): void {
    if (header.name !== 'stream' || header.ns !== NS_STREAM) this.#fail('invalid-namespace', 'not a stream header')
    if (!/^[1-9]\d*\.\d+$/.test(header.attr('version') ?? '')) this.#fail('unsupported-version', 'not XMPP 1.0')
  }

  /** RFC 6120 §4.7.1: another `from` is another server. */
  #checkSender(header: XmlElement): void {
    const from = header.attr('from')
    if (from === undefined || from.toLowerCase() === this.#options.account.domain) return
    this.#fail('invalid-from', 'the header is not from our server')
  }

  #fail(condition: 'invalid-namespace' | 'unsupported-version' | 'invalid-from', text: string): never {
    const error = new StreamError({ condition, text })
    this.stream.close(error)
    throw error
  }

  /**
   * RFC 7590 §3.1: also asked for where the server does not offer it, and so at once, with the header; never gone without.
   */
  protected async startTls(): Promise<void> {
    const { connection } = this.stream
    const required = (message: string): never => this.refuse('tls', 'tls-required', message)
    this.writeHeader()
    if (connection.startTls !== undefined) this.send(StartTls())
    await this.readFeatures()
    if (connection.startTls === undefined) return required('the connection is not encrypted')
    const answer = await this.expect('starttls')
    if (!Proceed.matches(answer)) return required('the server refused STARTTLS')
    // Nothing may follow in the clear; what does was injected to be read as if it had come through TLS.
    if (!this.stream.endsClean()) return required('the server sent more before TLS began')
    await within('tls', phaseLimits.tls, this.#options.signal, connection.startTls(this.#options.signal))
  }
}
