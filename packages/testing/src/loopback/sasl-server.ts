import { Auth, Challenge, Mechanisms, NS_SASL, Success } from '@couplet/client/elements'
import type { ScramHash } from '@couplet/sasl'
import { base64, type XmlElement } from '@couplet/stanza'
import { channelBindingFeature, saslFailure } from '../elements.js'
import type { Channel } from '../wire/channel.js'
import { SaslFailure, ScramServer } from '../wire/scram-server.js'
import type { LoopbackAccount } from './account.js'

/** What a login came to: something to send, and the account once it is proven. */
export interface SaslReply {
  readonly element: XmlElement
  readonly account?: LoopbackAccount
}

/** What the server's side of SASL needs. */
export interface SaslServerOptions {
  readonly channel: Channel
  /** Whether PLAIN is offered too. */
  readonly allowPlain: boolean
  /** The account of a user name. */
  account(username: string): LoopbackAccount | undefined
}

interface Step {
  readonly data: Uint8Array
  readonly account?: LoopbackAccount | undefined
  readonly done?: boolean
}

const hashes: readonly ScramHash[] = ['SHA-512', 'SHA-256', 'SHA-1']
const bindingTypes = ['tls-exporter', 'tls-server-end-point']

/** The server's side of SASL on one stream (RFC 6120 §6). */
export class SaslServer {
  readonly #options: SaslServerOptions
  readonly #bindings: readonly string[]
  #next: ((data: Uint8Array) => Promise<Step>) | undefined

  constructor(options: SaslServerOptions) {
    this.#options = options
    this.#bindings = bindingTypes.filter((type) => options.channel.binding(type) !== undefined)
  }

  /** What is offered. */
  get features(): XmlElement[] {
    const bindings = this.#bindings
    return [Mechanisms({ names: this.#names }), ...(bindings.length > 0 ? [channelBindingFeature(bindings)] : [])]
  }

  get #names(): string[] {
    const plus = this.#bindings.length > 0 ? hashes.map((hash) => `SCRAM-${hash}-PLUS`) : []
    const plain = this.#options.allowPlain ? ['PLAIN'] : []
    return [...plus, ...hashes.map((hash) => `SCRAM-${hash}`), ...plain]
  }

  /** Takes an element of the SASL namespace. */
  async take(element: XmlElement): Promise<SaslReply> {
    try {
      return await this.#step(element)
    } catch (error) {
      this.#next = undefined
      if (error instanceof SaslFailure) return { element: saslFailure(error.condition) }
      throw error
    }
  }

  async #step(element: XmlElement): Promise<SaslReply> {
    if (element.name === 'abort' && element.ns === NS_SASL) throw new SaslFailure('aborted')
    if (Auth.matches(element)) {
      this.#next = this.#begin(element.attr('mechanism') ?? '')
      // RFC 6120 §6.4.2: without an initial response the client is asked for one.
      if (element.text === '') return { element: Challenge() }
    }
    const next = this.#next
    if (next === undefined) throw new SaslFailure('malformed-request')
    this.#next = undefined
    const { data, account, done } = await next(decode(element.text))
    if (!done) return { element: Challenge({ data: base64.encode(data) }) }
    if (account === undefined) throw new SaslFailure('not-authorized')
    return { element: Success(data.length > 0 ? { data: base64.encode(data) } : {}), account }
  }

  #begin(mechanism: string): (data: Uint8Array) => Promise<Step> {
    if (!this.#names.includes(mechanism)) throw new SaslFailure('invalid-mechanism')
    if (mechanism === 'PLAIN') return (data) => this.#plain(data)
    const plus = mechanism.endsWith('-PLUS')
    const hash = mechanism.slice('SCRAM-'.length, plus ? -'-PLUS'.length : undefined) as ScramHash
    const { account, channel } = this.#options
    const scram = new ScramServer({
      hash,
      plus,
      plusOffered: this.#bindings.length > 0,
      secrets: async (username) => account(username)?.secrets(hash),
      binding: (type) => channel.binding(type),
    })
    return async (data) => {
      const challenge = await scram.first(data)
      this.#next = async (proof) => ({ data: await scram.final(proof), account: account(scram.username), done: true })
      return { data: challenge }
    }
  }

  async #plain(data: Uint8Array): Promise<Step> {
    const [, username = '', password = ''] = Buffer.from(data).toString().split('\0')
    const account = this.#options.account(username)
    return { data: new Uint8Array(), account: account?.hasPassword(password) ? account : undefined, done: true }
  }
}

function decode(text: string): Uint8Array {
  const data = text === '=' ? new Uint8Array() : base64.decode(text)
  if (data === undefined) throw new SaslFailure('incorrect-encoding')
  return data
}
