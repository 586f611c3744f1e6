import { Auth, Challenge, Mechanisms, Success } from '@couplet/client/elements'
import { base64, type XmlElement } from '@couplet/stanza'
import { saslFailure } from '../elements.js'
import { SaslFailure } from '../wire/scram-server.js'
import type { LoopbackAccount } from './account.js'
import type { SaslServer } from './sasl-server.js'

/** What comes of an element: something to send, and the account once it is proven. */
export interface ClassicReply {
  readonly element: XmlElement
  readonly account?: LoopbackAccount | undefined
}

/** The server's side of the SASL profile of RFC 6120 §6 on one stream. */
export class ClassicLogin {
  readonly #sasl: SaslServer

  constructor(sasl: SaslServer) {
    this.#sasl = sasl
  }

  /** What is offered. */
  get feature(): XmlElement {
    return Mechanisms({ names: this.#sasl.names })
  }

  /** Takes an element of the SASL namespace. */
  async take(element: XmlElement): Promise<ClassicReply> {
    try {
      return await this.#step(element)
    } catch (error) {
      this.#sasl.abort()
      if (error instanceof SaslFailure) return { element: saslFailure(error.condition) }
      throw error
    }
  }

  async #step(element: XmlElement): Promise<ClassicReply> {
    if (element.name === 'abort') throw new SaslFailure('aborted')
    if (Auth.matches(element)) {
      this.#sasl.begin(element.attr('mechanism') ?? '')
      // RFC 6120 §6.4.2: without an initial response the client is asked for one.
      if (element.text === '') return { element: Challenge() }
    }
    const { data, account } = await this.#sasl.take(decode(element.text))
    const text = base64.encode(data)
    if (account === undefined) return { element: Challenge({ data: text }) }
    return { element: Success({ data: data.length > 0 ? text : undefined }), account }
  }
}

function decode(text: string): Uint8Array {
  const data = text === '=' ? new Uint8Array() : base64.decode(text)
  if (data === undefined) throw new SaslFailure('incorrect-encoding')
  return data
}
