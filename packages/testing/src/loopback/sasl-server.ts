import type { ScramHash } from '@couplet/sasl'
import type { Channel } from '../wire/channel.js'
import { SaslFailure, ScramServer } from '../wire/scram-server.js'
import type { LoopbackAccount } from './account.js'

/** What the server's side of SASL needs. */
export interface SaslServerOptions {
  readonly channel: Channel
  /** Whether PLAIN is offered too. */
  readonly allowPlain: boolean
  /** The account of a user name. */
  account(username: string): LoopbackAccount | undefined
}

/** What the server says next. */
export interface SaslStep {
  readonly data: Uint8Array
  /** Who has logged in; while it is missing, the exchange goes on. */
  readonly account?: LoopbackAccount | undefined
}

const hashes: readonly ScramHash[] = ['SHA-512', 'SHA-256', 'SHA-1']
const bindingTypes = ['tls-exporter', 'tls-server-end-point']

/** The mechanisms of SASL on one stream, whatever they are wrapped in: RFC 6120 §6 or XEP-0388. */
export class SaslServer {
  /** The channel bindings of the stream. */
  readonly bindings: readonly string[]
  readonly #options: SaslServerOptions
  #next: ((data: Uint8Array) => Promise<SaslStep>) | undefined

  constructor(options: SaslServerOptions) {
    this.#options = options
    this.bindings = bindingTypes.filter((type) => options.channel.binding(type) !== undefined)
  }

  /** What is offered. */
  get names(): readonly string[] {
    const plus = this.bindings.length > 0 ? hashes.map((hash) => `SCRAM-${hash}-PLUS`) : []
    const plain = this.#options.allowPlain ? ['PLAIN'] : []
    return [...plus, ...hashes.map((hash) => `SCRAM-${hash}`), ...plain]
  }

  /** Begins an exchange. @throws SaslFailure if there is no such mechanism */
  begin(mechanism: string): void {
    this.#next = undefined
    if (!this.names.includes(mechanism)) throw new SaslFailure('invalid-mechanism')
    this.#next = mechanism === 'PLAIN' ? (data) => this.#plain(data) : this.#scram(mechanism)
  }

  /** Takes what the client says. @throws SaslFailure, and the exchange is over */
  async take(data: Uint8Array): Promise<SaslStep> {
    const next = this.#next
    if (next === undefined) throw new SaslFailure('malformed-request')
    this.#next = undefined
    return next(data)
  }

  /** Forgets an exchange that is under way. */
  abort(): void {
    this.#next = undefined
  }

  #scram(mechanism: string): (data: Uint8Array) => Promise<SaslStep> {
    const plus = mechanism.endsWith('-PLUS')
    const hash = mechanism.slice('SCRAM-'.length, plus ? -'-PLUS'.length : undefined) as ScramHash
    const { account, channel } = this.#options
    const scram = new ScramServer({
      hash,
      plus,
      plusOffered: this.bindings.length > 0,
      secrets: async (username) => account(username)?.secrets(hash),
      binding: (type) => channel.binding(type),
    })
    return async (data) => {
      const challenge = await scram.first(data)
      this.#next = async (proof) => {
        const signature = await scram.final(proof)
        return { data: signature, account: proven(account(scram.username), scram.authzid) }
      }
      return { data: challenge }
    }
  }

  async #plain(data: Uint8Array): Promise<SaslStep> {
    const [authzid = '', username = '', password = ''] = Buffer.from(data).toString().split('\0')
    const account = this.#options.account(username)
    if (!account?.hasPassword(password)) throw new SaslFailure('not-authorized')
    return { data: new Uint8Array(), account: proven(account, authzid) }
  }
}

/** Nobody acts as somebody else here (RFC 6120 §6.3.8). */
function proven(account: LoopbackAccount | undefined, authzid: string): LoopbackAccount {
  if (account === undefined) throw new SaslFailure('not-authorized')
  if (authzid !== '' && authzid !== account.jid.toString()) throw new SaslFailure('invalid-authzid')
  return account
}
