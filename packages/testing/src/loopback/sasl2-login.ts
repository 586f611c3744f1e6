import { Abort2, Authenticate, Challenge2, FastUse, Response2 } from '@couplet/client/elements'
import { type Infer, type Jid, readElement, type XmlElement } from '@couplet/stanza'
import { sasl2Failure } from '../elements.js'
import { SaslFailure } from '../wire/scram-server.js'
import type { LoopbackAccount } from './account.js'
import type { InlineNegotiation, Proven } from './inline-negotiation.js'
import type { LoopbackStream } from './loopback-stream.js'
import type { SaslServer } from './sasl-server.js'

/** What comes of an element: something to send, or a login that is to be completed. */
export type Sasl2Reply =
  | { readonly element: XmlElement; readonly proven?: undefined }
  | { readonly proven: Proven; readonly element?: undefined }

/** What the server's side of SASL2 needs. */
export interface Sasl2Options {
  readonly sasl: SaslServer
  readonly inline: InlineNegotiation
  readonly stream: LoopbackStream
  /** Who the client says it is, in the header of the stream. */
  readonly claimed: Jid | undefined
  /** The account of a user name. */
  account(username: string): LoopbackAccount | undefined
}

/** The server's side of the extensible SASL profile on one stream (XEP-0388). */
export class Sasl2Login {
  readonly #options: Sasl2Options
  #request: XmlElement | undefined

  constructor(options: Sasl2Options) {
    this.#options = options
  }

  /** What is offered; tokens only to clients that say who they are (XEP-0484 §4.1). */
  get feature(): XmlElement {
    const { sasl, inline, claimed } = this.#options
    return inline.feature(sasl.names, sasl.bindings, claimed !== undefined)
  }

  /** Whether the client is in the middle of an exchange, and must send nothing else (XEP-0388 §2.4). */
  get isBusy(): boolean {
    return this.#request !== undefined
  }

  /** Takes an element of the SASL2 namespace. */
  async take(element: XmlElement): Promise<Sasl2Reply> {
    try {
      return await this.#step(element)
    } catch (error) {
      this.#options.sasl.abort()
      this.#request = undefined
      if (error instanceof SaslFailure) return { element: sasl2Failure(error.condition) }
      throw error
    }
  }

  async #step(element: XmlElement): Promise<Sasl2Reply> {
    if (Abort2.matches(element)) throw new SaslFailure('aborted')
    if (Authenticate.matches(element)) return this.#begin(element)
    const response = readElement(Response2, element)
    if (!response.ok || this.#request === undefined) throw new SaslFailure('malformed-request')
    return this.#answer(response.value.data)
  }

  async #begin(element: XmlElement): Promise<Sasl2Reply> {
    if (this.#request !== undefined) throw new SaslFailure('malformed-request')
    const read = readElement(Authenticate, element)
    if (!read.ok) throw new SaslFailure('malformed-request')
    const { mechanism, initial } = read.value
    const use = element.get(FastUse)
    if (use !== undefined) return { proven: await this.#byToken(element, read.value, use) }
    this.#options.sasl.begin(mechanism)
    this.#request = element
    return initial === undefined ? { element: Challenge2({ data: new Uint8Array() }) } : this.#answer(initial)
  }

  async #answer(given: Uint8Array): Promise<Sasl2Reply> {
    const { data, account } = await this.#options.sasl.take(given)
    if (account === undefined) return { element: Challenge2({ data }) }
    const request = this.#request as XmlElement
    this.#request = undefined
    return { proven: { request, account, data: data.length > 0 ? data : undefined } }
  }

  async #byToken(
    request: XmlElement,
    { mechanism, initial, userAgent }: Infer<typeof Authenticate>,
    use: Infer<typeof FastUse>,
  ): Promise<Proven> {
    const { inline, sasl, stream, claimed, account } = this.#options
    const offered = claimed && inline.fast?.mechanisms(sasl.bindings).includes(mechanism)
    if (inline.fast === undefined || !offered) throw new SaslFailure('invalid-mechanism')
    if (initial === undefined || userAgent?.id === undefined) throw new SaslFailure('malformed-request')
    const login = { mechanism, initial, agent: userAgent.id, use, channel: stream.channel, account }
    const proven = await inline.fast.verify(login)
    if (!claimed?.bare.equals(proven.account.jid)) throw new SaslFailure('not-authorized')
    return { ...proven, request, token: login }
  }
}
