import { NS_SASL, NS_SASL2 } from '@couplet/client/elements'
import type { Jid, XmlElement } from '@couplet/stanza'
import { channelBindingFeature } from '../elements.js'
import type { LoopbackAccount } from './account.js'
import { ClassicLogin } from './classic-login.js'
import type { InlineNegotiation, Proven } from './inline-negotiation.js'
import type { LoopbackCore } from './loopback-core.js'
import type { LoopbackStream } from './loopback-stream.js'
import { SaslServer } from './sasl-server.js'
import { Sasl2Login } from './sasl2-login.js'

/** What comes of an element: something to send, and who has logged in, in which of the two ways. */
export interface LoginReply {
  readonly element?: XmlElement | undefined
  /** By the SASL of RFC 6120: the stream begins anew. */
  readonly account?: LoopbackAccount | undefined
  /** By SASL2: the login is to be completed. */
  readonly proven?: Proven | undefined
}

/** What the login on a stream needs. */
export interface LoginStageOptions {
  readonly stream: LoopbackStream
  readonly core: LoopbackCore
  readonly allowPlain: boolean
  /** SASL2 and what comes with it; `undefined` on a server without. */
  readonly inline: InlineNegotiation | undefined
  /** Who the client says it is, in the header of the stream. */
  readonly claimed: Jid | undefined
}

/** What a stream is before its client has logged in: both profiles of SASL, side by side. */
export class LoginStage {
  readonly #sasl: SaslServer
  readonly #classic: ClassicLogin
  readonly #sasl2: Sasl2Login | undefined

  constructor({ stream, core, allowPlain, inline, claimed }: LoginStageOptions) {
    const account = (username: string): LoopbackAccount | undefined => core.accountOf(username)
    const { channel } = stream
    this.#sasl = new SaslServer({ channel, allowPlain, account })
    this.#classic = new ClassicLogin(this.#sasl)
    this.#sasl2 = inline && new Sasl2Login({ sasl: this.#sasl, inline, stream, claimed, account })
  }

  /** What is offered. */
  get features(): XmlElement[] {
    const { bindings } = this.#sasl
    const types = bindings.length > 0 ? [channelBindingFeature(bindings)] : []
    return [this.#classic.feature, ...types, ...(this.#sasl2 ? [this.#sasl2.feature] : [])]
  }

  /** Whether an element is of the login, and comes at the right time. */
  expects({ ns }: XmlElement): boolean {
    if (this.#sasl2?.isBusy) return ns === NS_SASL2
    return ns === NS_SASL || (ns === NS_SASL2 && this.#sasl2 !== undefined)
  }

  /** Takes an element that is expected. */
  async take(element: XmlElement): Promise<LoginReply> {
    if (element.ns === NS_SASL2 && this.#sasl2 !== undefined) return this.#sasl2.take(element)
    return this.#classic.take(element)
  }
}
