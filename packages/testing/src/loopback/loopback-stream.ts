import { BindRequest, BindResult, NS_BIND, NS_TLS, Proceed, StartTls } from '@couplet/client/elements'
import {
  Iq,
  iq,
  Jid,
  NS_CLIENT,
  NS_STREAM,
  readElement,
  StanzaError,
  StreamError,
  type StreamErrorCondition,
  type StreamEvent,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import type { TestCertificate } from '../test-authority.js'
import type { Channel } from '../wire/channel.js'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import type { InlineNegotiation } from './inline-negotiation.js'
import { LoginStage } from './login-stage.js'
import type { LoopbackCore } from './loopback-core.js'
import { StreamWire } from './stream-wire.js'

/** Failed logins until the stream ends (RFC 6120 §6.4.5). */
const maxFailures = 5

/** What a stream needs to know about the server. */
export interface LoopbackStreamOptions {
  readonly channel: Channel
  readonly core: LoopbackCore
  readonly allowPlain: boolean
  /** SASL2 and what comes with it; `undefined` on a server without. */
  readonly inline: InlineNegotiation | undefined
  /** What every client is told. */
  readonly features: readonly XmlElement[]
  readonly limits: ConstructorParameters<typeof StreamWire>[1]
  /** What STARTTLS goes on with. */
  certificate(): TestCertificate
  /** Called once, when the connection is gone. */
  gone(stream: LoopbackStream): void
}

/** The connection is gone; behind what came before. */
interface Lost {
  readonly type: 'lost'
}

/** One client connection of a loopback server: stream negotiation (RFC 6120 §4 to §7), then stanzas. */
export class LoopbackStream {
  readonly #options: LoopbackStreamOptions
  readonly #wire: StreamWire
  #login: LoginStage | undefined
  #failures = 0
  #account: LoopbackAccount | undefined
  #session: LoopbackSession | undefined
  #queue: (StreamEvent | Lost)[] = []
  #busy = false
  #over = false

  /** @internal */
  constructor(options: LoopbackStreamOptions) {
    this.#options = options
    this.#wire = new StreamWire(options.channel, options.limits, {
      event: (event) => this.#take(event),
      gone: () => {
        this.#take({ type: 'lost' })
        options.gone(this)
      },
    })
  }

  /** How the client came. */
  get channel(): Channel {
    return this.#options.channel
  }

  /** The account that has logged in. */
  get account(): LoopbackAccount | undefined {
    return this.#account
  }

  /** The session that is bound, or was resumed by a module. */
  get session(): LoopbackSession | undefined {
    return this.#session
  }

  /** For what resumes a session on this stream, or takes it away. */
  set session(session: LoopbackSession | undefined) {
    this.#session = session
    if (session !== undefined) session.stream = this
  }

  /** Sends an element. */
  send(element: XmlElement): void {
    this.#wire.send(element)
  }

  /**
   * Ends the stream, with an error or without, and its session.
   *
   * @param details what the error says beside its condition and text
   */
  close(condition?: StreamErrorCondition, text?: string, ...details: readonly XmlElement[]): void {
    // RFC 6120 §4.9.1.2: a stream that ends with an error begins first.
    if (!this.#wire.opened) this.#open()
    this.#wire.close(condition && new StreamError({ condition, text }), ...details)
    this.#finish(true)
  }

  /** Breaks the connection without a word; a session that can be resumed stays (XEP-0198 §8). */
  destroy(): void {
    this.channel.destroy()
    this.#finish(false)
  }

  /** One event at a time: a login takes a while, and what comes meanwhile waits. */
  #take(event: StreamEvent | Lost): void {
    if (this.#busy) {
      this.#queue.push(event)
      return
    }
    const work = this.#handle(event)
    if (work === undefined) return
    this.#busy = true
    work.then(
      () => {
        this.#busy = false
        for (const next of this.#queue.splice(0)) this.#take(next)
      },
      () => this.destroy(),
    )
  }

  #handle(event: StreamEvent | Lost): Promise<void> | undefined {
    if (this.#over) return undefined
    if (event.type === 'error') this.close(event.error.condition, event.error.text)
    else if (event.type === 'end') this.close()
    else if (event.type === 'lost') this.#finish(false)
    else if (event.type === 'start') this.#start(event.header)
    else return this.#element(event.element)
    return undefined
  }

  #start(header: XmlElement): void {
    const { domain } = this.#options.core
    if (header.name !== 'stream' || header.ns !== NS_STREAM) {
      this.close('invalid-namespace')
      return
    }
    if (header.attr('version') !== '1.0') {
      this.close('unsupported-version')
      return
    }
    if (Jid.tryParse(header.attr('to') ?? '')?.toString() !== domain) {
      this.close('host-unknown')
      return
    }
    const claimed = Jid.tryParse(header.attr('from') ?? '')
    if (claimed !== undefined && claimed.domain !== domain) {
      this.close('invalid-from') // XEP-0388 §2.1
      return
    }
    const { core, allowPlain, inline } = this.#options
    this.#login = new LoginStage({ stream: this, core, allowPlain, inline, claimed })
    this.#open()
    this.#wire.features(this.#features())
  }

  #open(): void {
    this.#wire.open({ from: this.#options.core.domain, id: crypto.randomUUID() })
  }

  #features(): XmlElement[] {
    const { channel, core, features } = this.#options
    if (!channel.secure) return [xml(NS_TLS, 'starttls', {}, xml(NS_TLS, 'required')), ...features]
    if (this.#account === undefined) return [...(this.#login?.features ?? []), ...features]
    const bind = this.#session === undefined ? [xml(NS_BIND, 'bind')] : []
    return [...bind, ...core.streamFeatures(this), ...features]
  }

  #element(element: XmlElement): Promise<void> | undefined {
    if (this.#session !== undefined && element.ns === NS_CLIENT) {
      this.#stanza(element, this.#session)
    } else if (!this.#wire.opened) this.close('not-authorized')
    else if (StartTls.matches(element) && this.channel.startTls !== undefined && !this.channel.secure) {
      return this.#startTls()
    } else if (this.channel.secure && this.#account === undefined && this.#login?.expects(element)) {
      return this.#logIn(element, this.#login)
    } else if (this.#account !== undefined && this.#options.core.takeElement(element, this)) return undefined
    else if (this.#account !== undefined && element.ns === NS_CLIENT) this.#bind(element, this.#account)
    else this.close(this.#account === undefined ? 'not-authorized' : 'unsupported-stanza-type')
    return undefined
  }

  async #startTls(): Promise<void> {
    const { channel, certificate } = this.#options
    this.#wire.send(Proceed())
    this.#wire.restart()
    await channel.startTls?.(certificate())
  }

  async #logIn(element: XmlElement, login: LoginStage): Promise<void> {
    const { element: answer, account, proven } = await login.take(element)
    if (this.#over) return
    if (answer !== undefined) this.#wire.send(answer)
    if (proven !== undefined) {
      this.#account = proven.account
      if (this.#options.inline?.complete(this, proven) === 'new') this.#wire.features(this.#features())
    } else if (account !== undefined) {
      this.#account = account
      this.#wire.restart()
    } else if (answer?.name === 'failure' && ++this.#failures >= maxFailures) {
      this.close('policy-violation', 'too many failed logins')
    }
  }

  #bind(element: XmlElement, account: LoopbackAccount): void {
    const request = new Iq(element)
    const { payload } = request
    if (element.name !== 'iq' || request.type !== 'set' || payload === undefined || !BindRequest.matches(payload)) {
      this.close('not-authorized', 'bind a resource first')
      return
    }
    const read = readElement(BindRequest, payload)
    const resource = read.ok ? (read.value.resource ?? '') : ''
    if (!read.ok || (resource !== '' && Jid.tryParse(`${account.jid}/${resource}`) === undefined)) {
      this.send(iq({ type: 'error', id: request.id }, new StanzaError({ condition: 'bad-request' })).element)
      return
    }
    this.#session = this.#options.core.bind(account, resource, this)
    this.send(iq({ type: 'result', id: request.id }, BindResult({ jid: this.#session.jid })).element)
  }

  /** RFC 6120 §8.1.2.1: the server says who sent it, and a client that claims to be somebody else is thrown out. */
  #stanza(element: XmlElement, session: LoopbackSession): void {
    const claimed = element.attr('from')
    const from = claimed === undefined ? session.jid : Jid.tryParse(claimed)
    if (!from?.equals(session.jid) && !from?.equals(session.account.jid)) {
      this.close('invalid-from')
      return
    }
    if (!['message', 'presence', 'iq'].includes(element.name)) {
      this.close('unsupported-stanza-type')
      return
    }
    this.#options.core.take(element.with({ from: session.jid.toString() }), session)
    session.handled++
  }

  #finish(isClean: boolean): void {
    if (this.#over) return
    this.#over = true
    if (this.#session !== undefined) this.#options.core.lost(this.#session, this, isClean)
  }
}
