import type { ChannelBinding, Credentials, MechanismPolicy } from '@couplet/sasl'
import { type BareJid, NS_STREAM, StreamError, type XmlElement } from '@couplet/stanza'
import { authenticate } from './authentication.js'
import { type Bound, resumeOrBind } from './classic-bind.js'
import { ConnectionError, type ConnectionPhase } from './connection-error.js'
import { within } from './deadline.js'
import { NS_SASL, NS_SASL2, Proceed, StartTls } from './elements.js'
import type { Login, SessionRequest } from './login.js'
import type { LoginMemory } from './login-memory.js'
import { legal, type NegotiationState, phaseLimits } from './negotiation-states.js'
import { type Attempt, Sasl2 } from './sasl2.js'
import { readOffer, type ServerOffer, sameLists } from './server-offer.js'
import { readLimits } from './stream-limits.js'
import type { XmppStream } from './xmpp-stream.js'

/** What a login needs to know. */
export interface LoginOptions {
  /** The account, or the domain alone for an anonymous login. */
  readonly account: BareJid
  /** What the user can prove. */
  readonly credentials: Credentials
  /** Which mechanisms are allowed. */
  readonly policy: Omit<MechanismPolicy, 'secure' | 'sasl2' | 'minimum'>
  /** The resource to ask for; without one the server chooses. */
  readonly resource: string | undefined
  /** The language of what we send. */
  readonly lang: string
  /** What the login is to bring about. */
  readonly request: SessionRequest
  /** What is remembered of earlier logins. */
  readonly memory: LoginMemory
  /** What the server may tell the user about this client, in lists of devices (XEP-0388 §2.3). */
  readonly userAgent?: { readonly software?: string | undefined; readonly device?: string | undefined } | undefined
  /** Makes the token useless with this login, if there is one and it is accepted (XEP-0484 §3.6). */
  readonly invalidateToken?: boolean | undefined
  /** Ends the login. */
  readonly signal: AbortSignal
}

/** The negotiation of a stream, from the header to the session (RFC 6120 §4.3, XEP-0388). */
export class Negotiation {
  readonly #stream: XmppStream
  readonly #options: LoginOptions

  constructor(stream: XmppStream, options: LoginOptions) {
    this.#stream = stream
    // Asked once, however often it is written.
    const { resumption } = options.request
    let h: number | undefined
    const handled = (): number => {
      h ??= resumption?.handled() ?? 0
      return h
    }
    this.#options = {
      ...options,
      request: { ...options.request, resumption: resumption && { ...resumption, handled } },
    }
  }

  /**
   * Runs it.
   *
   * @throws ConnectionError, AuthenticationError, StreamError, StanzaError, MalformedElementError
   */
  async run(): Promise<Omit<Login, 'stream'>> {
    const { memory, signal } = this.#options
    const { connection } = this.#stream
    await within('stream', phaseLimits.stream, signal, memory.load())
    if (!connection.secure) await this.#startTls()
    const [scheme = ''] = connection.endpoint.split(':', 1)
    const known = memory.offer(scheme)
    const sasl2 = new Sasl2(this, this.#options)
    const quick = known && (await sasl2.prepareQuick(known))
    try {
      this.#writeHeader()
      if (quick !== undefined) this.send(quick.element)
      const features = await this.#readFeatures()
      const offer = readOffer(features)
      if (offer === undefined && quick !== undefined) {
        this.refuse('sasl', 'unexpected-element', 'the server no longer offers what it did')
      }
      const login = offer ? await this.#modern(sasl2, offer, quick) : await this.#classic(features)
      await memory.update({ offers: { [scheme]: offer } })
      return login
    } catch (error) {
      // What came of haste is not done in haste again.
      if (quick !== undefined && !signal.aborted) void memory.update({ offers: { [scheme]: undefined } })
      throw error
    }
  }

  /** The channel bindings that our side has. */
  get bindings(): readonly ChannelBinding[] {
    return this.#stream.connection.channelBindings
  }

  /** Sends an element; nothing more once the login is given up. */
  send(element: XmlElement): void {
    if (!this.#options.signal.aborted) this.#stream.sendElement(element)
  }

  /** The next element, which must be legal in this state. */
  async expect(state: NegotiationState): Promise<XmlElement> {
    const { phase, elements } = legal[state]
    const event = await within(phase, phaseLimits[phase], this.#options.signal, this.#stream.next(phase))
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
    this.#stream.close(new StreamError({ condition: 'policy-violation', text: message }))
    throw new ConnectionError(phase, code, message)
  }

  /** SASL as RFC 6120 has it; then the stream begins again. */
  async #classic(features: XmlElement): Promise<Omit<Login, 'stream'>> {
    await authenticate(this, features, this.#options)
    this.#writeHeader()
    const after = await this.#readFeatures()
    const { resumption } = this.#options.request
    return loginOf(await resumeOrBind(this, after, this.#options, resumption), after)
  }

  /** SASL2; what could not be done with it is done as ever, on the features that follow. */
  async #modern(sasl2: Sasl2, offer: ServerOffer, quick: Attempt | undefined): Promise<Omit<Login, 'stream'>> {
    let attempt = quick
    if (attempt !== undefined && !attempt.byToken && !sameLists(attempt.offer, offer)) {
      const begun = attempt
      attempt = await sasl2.rebase(begun, offer)
      if (attempt === undefined) await sasl2.withdraw(begun)
    }
    if (attempt === undefined) {
      attempt = await sasl2.prepare(offer)
      this.send(attempt.element)
    }
    const { jid, resumed, resumptionFailed, management, asked } = await sasl2.conclude(attempt, offer)
    if (jid !== undefined && resumed !== undefined) {
      this.#stream.tolerateOnce(isLateOffer)
      return loginOf({ jid, resumed, early: [] }, undefined)
    }
    const features = await this.expect('features')
    if (jid !== undefined) {
      return loginOf({ jid, resumptionFailed, management, early: [] }, features, asked.features)
    }
    const resumption = asked.resumption === undefined ? this.#options.request.resumption : undefined
    const bound = await resumeOrBind(this, features, this.#options, resumption)
    return loginOf({ ...bound, resumptionFailed: resumptionFailed ?? bound.resumptionFailed }, features)
  }

  /** The first header, or one that restarts the stream. */
  #writeHeader(): void {
    const { account, lang } = this.#options
    const from = this.#stream.connection.secure && account.local !== undefined ? account.toString() : undefined
    this.#stream.open({ to: account.domain, from, lang })
  }

  async #readFeatures(): Promise<XmlElement> {
    const header = within('stream', phaseLimits.stream, this.#options.signal, this.#stream.next('stream'))
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
    this.#stream.close(error)
    throw error
  }

  /**
   * RFC 7590 §3.1: also asked for where the server does not offer it, and so at once, with the header; never gone without.
   */
  async #startTls(): Promise<void> {
    const { connection } = this.#stream
    const required = (message: string): never => this.refuse('tls', 'tls-required', message)
    this.#writeHeader()
    if (connection.startTls !== undefined) this.send(StartTls())
    await this.#readFeatures()
    if (connection.startTls === undefined) return required('the connection is not encrypted')
    const answer = await this.expect('starttls')
    if (!Proceed.matches(answer)) return required('the server refused STARTTLS')
    // Nothing may follow in the clear; what does was injected to be read as if it had come through TLS.
    if (!this.#stream.endsClean()) return required('the server sent more before TLS began')
    await within('tls', phaseLimits.tls, this.#options.signal, connection.startTls(this.#options.signal))
  }
}

/**
 * After an inline resumption there must be no features (XEP-0198 §9.2), but Prosody sends them, behind its first `<r/>` and
 * stanzas. An offer to authenticate is no such thing.
 */
const isLateOffer = (element: XmlElement): boolean =>
  element.name === 'features' &&
  element.ns === NS_STREAM &&
  !element.child('mechanisms', NS_SASL) &&
  !element.child('authentication', NS_SASL2)

const loginOf = (
  bound: Bound,
  features: XmlElement | undefined,
  inlined: readonly string[] = [],
): Omit<Login, 'stream'> => ({
  ...bound,
  features,
  inlined: new Set(inlined),
  limits: features && readLimits(features),
})
