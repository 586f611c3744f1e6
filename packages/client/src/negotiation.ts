import type { Credentials, MechanismPolicy } from '@couplet/sasl'
import {
  type BareJid,
  type FullJid,
  Iq,
  iq,
  type Jid,
  MalformedElementError,
  NS_CLIENT,
  NS_STREAM,
  readElement,
  StreamError,
  type XmlElement,
} from '@couplet/stanza'
import { authenticate } from './authentication.js'
import { ConnectionError, type ConnectionPhase } from './connection-error.js'
import { within } from './deadline.js'
import { BindRequest, BindResult, NS_BIND, NS_SASL, NS_TLS, Proceed, StartTls } from './elements.js'
import { randomId } from './random-id.js'
import type { XmppStream } from './xmpp-stream.js'

/** Milliseconds that each phase of the negotiation may take. */
export const phaseLimits = { tls: 15_000, stream: 15_000, sasl: 30_000, bind: 15_000 } as const

type State = keyof typeof legal

/**
 * RFC 6120 as a table: what the server may send in each state, besides a stream error and the end of the stream.
 * Anything else ends the stream with `policy-violation`.
 */
const legal = {
  features: { phase: 'stream', elements: [`features ${NS_STREAM}`] },
  starttls: { phase: 'tls', elements: [`proceed ${NS_TLS}`, `failure ${NS_TLS}`] },
  sasl: { phase: 'sasl', elements: [`challenge ${NS_SASL}`, `success ${NS_SASL}`, `failure ${NS_SASL}`] },
  bind: { phase: 'bind', elements: [`iq ${NS_CLIENT}`] },
} as const satisfies Readonly<
  Record<string, { readonly phase: keyof typeof phaseLimits; readonly elements: readonly string[] }>
>

/** What a login needs to know. */
export interface LoginOptions {
  /** The account, or the domain alone for an anonymous login. */
  readonly account: BareJid
  /** What the user can prove. */
  readonly credentials: Credentials
  /** Which mechanisms are allowed. */
  readonly policy: Omit<MechanismPolicy, 'secure'>
  /** The resource to ask for; without one the server chooses. */
  readonly resource: string | undefined
  /** The language of what we send. */
  readonly lang: string
  /** Ends the login. */
  readonly signal: AbortSignal
}

/** The negotiation of a stream, from the header to the bound resource (RFC 6120 §4.3). */
export class Negotiation {
  readonly #stream: XmppStream
  readonly #options: LoginOptions

  constructor(stream: XmppStream, options: LoginOptions) {
    this.#stream = stream
    this.#options = options
  }

  /**
   * Runs it; returns the address and what the server offered after authentication.
   *
   * @throws ConnectionError, AuthenticationError, StreamError, StanzaError
   */
  async run(): Promise<{ readonly jid: FullJid; readonly features: XmlElement }> {
    const { connection } = this.#stream
    let features = await this.#openStream()
    if (!connection.secure) {
      await this.#startTls()
      features = await this.#openStream()
    }
    await authenticate(this, features, this.#options, connection.channelBindings)
    features = await this.#openStream()
    return { jid: await this.#bind(features), features }
  }

  /** Sends an element. */
  send(element: XmlElement): void {
    this.#stream.sendElement(element)
  }

  /** The next element, which must be legal in this state. */
  async expect(state: State): Promise<XmlElement> {
    const { phase, elements } = legal[state]
    const event = await within(phase, phaseLimits[phase], this.#options.signal, this.#stream.next(phase))
    if (event.type === 'error') throw event.error
    if (event.type === 'end') throw new ConnectionError(phase, 'closed', 'the server closed the stream')
    if (event.type === 'element') {
      const { element } = event
      if ((elements as readonly string[]).includes(`${element.name} ${element.ns}`)) return element
    }
    return this.#refuse(phase, 'unexpected-element', 'the server sent what is not allowed here')
  }

  /** Opens or restarts the stream and waits for the features. */
  async #openStream(): Promise<XmlElement> {
    const { account, lang } = this.#options
    const from = this.#stream.connection.secure && account.local !== undefined ? account.toString() : undefined
    this.#stream.open({ to: account.domain, from, lang })
    const header = within('stream', phaseLimits.stream, this.#options.signal, this.#stream.next('stream'))
    const event = await header
    if (event.type === 'error') throw event.error
    if (event.type === 'end') throw new ConnectionError('stream', 'closed', 'the server closed the stream')
    if (event.type !== 'start') this.#refuse('stream', 'unexpected-element', 'the server sent no stream header')
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
    this.#stream.close(error)
    throw error
  }

  /** RFC 7590 §3.1: also asked for where the server does not offer it; never gone without. */
  async #startTls(): Promise<void> {
    const { connection } = this.#stream
    const required = (message: string): never => this.#refuse('tls', 'tls-required', message)
    if (connection.startTls === undefined) return required('the connection is not encrypted')
    this.send(StartTls())
    const answer = await this.expect('starttls')
    if (!Proceed.matches(answer)) return required('the server refused STARTTLS')
    // Nothing may follow in the clear; what does was injected to be read as if it had come through TLS.
    if (!this.#stream.endsClean()) return required('the server sent more before TLS began')
    await within('tls', phaseLimits.tls, this.#options.signal, connection.startTls(this.#options.signal))
  }

  async #bind(features: XmlElement): Promise<FullJid> {
    if (features.child('bind', NS_BIND) === undefined) {
      this.#refuse('bind', 'unexpected-element', 'the server offers no resource binding')
    }
    const id = randomId()
    this.send(iq({ type: 'set', id }, BindRequest({ resource: this.#options.resource })).element)
    for (;;) {
      const reply = new Iq(await this.expect('bind'))
      // Some servers push IQs before they answer; there is no session yet that could take them.
      if (reply.id !== id || (reply.type !== 'result' && reply.type !== 'error')) continue
      if (reply.error !== undefined) throw reply.error
      return this.#checkBound(reply)
    }
  }

  /** The server may change the resource, never the account; an anonymous login gets its account here. */
  #checkBound(reply: Iq): FullJid {
    const { payload } = reply
    const { account, credentials } = this.#options
    if (payload === undefined || !BindResult.matches(payload)) throw new MalformedElementError('iq/bind', 'is missing')
    const result = readElement(BindResult, payload)
    if (!result.ok) throw result.error
    const { jid } = result.value
    const isOurs = credentials.anonymous ? jid.domain === account.domain : jid.bare.equals(account)
    const from: Jid | undefined = reply.from
    const isFromOurs = reply.element.attr('from') === undefined || from?.domain === account.domain
    if (!jid.isFull() || !isOurs || !isFromOurs) this.#refuse('bind', 'unexpected-element', 'bound to another account')
    return jid as FullJid
  }

  #refuse(phase: ConnectionPhase, code: 'unexpected-element' | 'tls-required', message: string): never {
    this.#stream.close(new StreamError({ condition: 'policy-violation', text: message }))
    throw new ConnectionError(phase, code, message)
  }
}
