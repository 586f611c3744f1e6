import { FastToken, type FastUse } from '@couplet/client/elements'
import type { Infer, XmlElement } from '@couplet/stanza'
import type { Channel } from '../wire/channel.js'
import { SaslFailure } from '../wire/scram-server.js'
import { checkTokenProof, readTokenProof, tokenMechanisms } from '../wire/token-server.js'
import type { LoopbackAccount } from './account.js'

/** How a loopback server deals with tokens (XEP-0484). */
export interface FastOptions {
  /** Seconds a token is good for; default 21 days. */
  readonly tokenSeconds?: number
  /** Whether each use of a token brings the next one; default true. */
  readonly rotate?: boolean
}

/** A login by a token. */
export interface TokenLogin {
  readonly mechanism: string
  readonly initial: Uint8Array
  /** What the client calls itself (XEP-0388 §2.3). */
  readonly agent: string
  readonly use: Infer<typeof FastUse>
  readonly channel: Channel
  /** The account of a user name. */
  account(username: string): LoopbackAccount | undefined
}

interface Token {
  readonly mechanism: string
  readonly token: string
  readonly expiry: Date
  /** The highest `count` so far. */
  count: number
}

/** The two tokens a client may have (XEP-0484 §5.1): the one it uses, and the one it was given last. */
interface Slots {
  current?: Token | undefined
  fresh?: Token | undefined
}

/** The tokens of all clients of a server (XEP-0484). They outlive streams and sessions. */
export class FastTokens {
  readonly #lifetime: number
  readonly #rotate: boolean
  #slots = new WeakMap<LoopbackAccount, Map<string, Slots>>()

  constructor({ tokenSeconds = 21 * 86_400, rotate = true }: FastOptions = {}) {
    this.#lifetime = tokenSeconds * 1000
    this.#rotate = rotate
  }

  /** The mechanisms that a channel with these bindings has. */
  mechanisms(bindings: readonly string[]): string[] {
    return [...tokenMechanisms].flatMap(([name, type]) => (type === undefined || bindings.includes(type) ? name : []))
  }

  /** Checks a token; returns who has logged in and what proves the server's side. @throws SaslFailure */
  async verify(login: TokenLogin): Promise<{ readonly account: LoopbackAccount; readonly data: Uint8Array }> {
    const { username, proof } = readTokenProof(login.initial)
    const account = login.account(username)
    const slots = account && this.#of(account).get(login.agent)
    const type = tokenMechanisms.get(login.mechanism)
    const bound = type === undefined ? new Uint8Array() : login.channel.binding(type)
    if (account === undefined || slots === undefined || bound === undefined) throw new SaslFailure('not-authorized')
    for (const token of [slots.fresh, slots.current]) {
      const data = token && (await checkTokenProof(token.token, proof, bound))
      // §3.4: a token is for the mechanism it was asked for.
      if (data === undefined || token?.mechanism !== login.mechanism) continue
      this.#use(slots, token, login.use)
      return { account, data }
    }
    throw new SaslFailure('not-authorized')
  }

  /** What the client is given after its login: what it asked for, or the next token; `undefined` for nothing. */
  next(account: LoopbackAccount, agent: string, asked: string | undefined, used?: TokenLogin): XmlElement | undefined {
    const isDue = this.#rotate && used !== undefined && used.use.invalidate !== true
    const mechanism = asked ?? (isDue ? used.mechanism : undefined)
    if (mechanism === undefined || !tokenMechanisms.has(mechanism)) return undefined
    const bytes = crypto.getRandomValues(new Uint8Array(24))
    const token = Buffer.from(bytes).toString('base64url')
    const expiry = new Date(Date.now() + this.#lifetime)
    const all = this.#of(account)
    all.set(agent, { ...all.get(agent), fresh: { mechanism, token, expiry, count: 0 } })
    return FastToken({ expiry: expiry.toISOString(), token })
  }

  /** Forgets the tokens of an account, or of all. */
  revoke(account?: LoopbackAccount): void {
    if (account === undefined) this.#slots = new WeakMap()
    else this.#slots.delete(account)
  }

  /** §3.5: what came before the token that is used is worth nothing now. */
  #use(slots: Slots, token: Token, { count, invalidate }: Infer<typeof FastUse>): void {
    if (token.expiry.getTime() <= Date.now()) throw new SaslFailure('credentials-expired')
    if (count !== undefined && count <= token.count) throw new SaslFailure('not-authorized')
    token.count = count ?? token.count
    if (token === slots.fresh) Object.assign(slots, { current: token, fresh: undefined })
    // §3.6: who logs out leaves nothing behind.
    if (invalidate) Object.assign(slots, { current: undefined, fresh: undefined })
  }

  #of(account: LoopbackAccount): Map<string, Slots> {
    const known = this.#slots.get(account) ?? new Map<string, Slots>()
    this.#slots.set(account, known)
    return known
  }
}
