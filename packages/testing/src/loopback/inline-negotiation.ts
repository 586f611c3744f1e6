import {
  Authentication,
  Bind2Request,
  Bound,
  RequestToken,
  Resume,
  Success2,
  UserAgent,
} from '@couplet/client/elements'
import { Jid, type XmlElement } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import type { FastTokens, TokenLogin } from './fast-tokens.js'
import type { LoopbackCore } from './loopback-core.js'
import type { LoopbackStream } from './loopback-stream.js'
import type { StreamManagement } from './stream-management.js'

/** A client that has proven who it is, but has not heard so yet. */
export interface Proven {
  /** The `<authenticate/>`. */
  readonly request: XmlElement
  readonly account: LoopbackAccount
  /** What the mechanism says at its end. */
  readonly data: Uint8Array | undefined
  /** How, if it was by a token. */
  readonly token?: TokenLogin
}

/** What a server can do while it authenticates. */
export interface InlineOptions {
  readonly core: LoopbackCore
  /** Whether it binds (XEP-0386). */
  readonly bind: boolean
  readonly fast: FastTokens | undefined
  readonly management: StreamManagement | undefined
}

/** What happens together with authentication: resumption, binding and tokens (XEP-0388 §2.6.1). */
export class InlineNegotiation {
  readonly #options: InlineOptions

  constructor(options: InlineOptions) {
    this.#options = options
  }

  /** The tokens, if there are any. */
  get fast(): FastTokens | undefined {
    return this.#options.fast
  }

  /** What is offered before authentication. */
  feature(mechanisms: readonly string[], bindings: readonly string[], withTokens: boolean): XmlElement {
    const { core, bind, fast, management } = this.#options
    const features = core.bindFeatures.map((name) => ({ var: name }))
    const inline = {
      bind: bind ? { inline: { features } } : undefined,
      sm: management && (true as const),
      fast: fast && withTokens ? { mechanisms: fast.mechanisms(bindings) } : undefined,
    }
    return Authentication({ mechanisms, inline })
  }

  /** Does what was asked for, and says so. Whether a session was resumed: then no features follow (XEP-0198 §9.2). */
  complete(stream: LoopbackStream, { request, account, data, token }: Proven): 'resumed' | 'new' | 'refused' {
    const resume = request.get(Resume)
    const { management } = this.#options
    const outcome = resume && management?.resume(stream, resume)
    if (resume !== undefined && management !== undefined && outcome === undefined) return 'refused'
    const results = outcome === undefined ? [] : [outcome.element]
    let session = outcome?.session
    const agent = request.get(UserAgent)?.id
    const wanted = request.get(Bind2Request)
    if (session === undefined && wanted !== undefined && this.#options.bind) {
      session = this.#bind(stream, account, wanted.tag, agent)
      results.push(this.#bound(request.child('bind', Bind2Request.ns) as XmlElement, session))
    }
    const asked = request.get(RequestToken)?.mechanism
    const fresh = agent === undefined ? undefined : this.fast?.next(account, agent, asked, token)
    if (fresh !== undefined) results.push(fresh)
    const authorizationIdentifier = session?.jid ?? account.jid
    stream.send(Success2({ additionalData: data, authorizationIdentifier }).with({}, ...results))
    outcome?.proceed?.()
    return outcome?.proceed === undefined ? 'new' : 'resumed'
  }

  /** XEP-0386 §3.2.1: what the client calls itself comes first; an older session of the same client is over. */
  #bind(stream: LoopbackStream, account: LoopbackAccount, tag = '', agent?: string): LoopbackSession {
    const { core } = this.#options
    const tagged = `${tag}.${crypto.randomUUID()}`
    const wanted = tag !== '' && Jid.tryParse(`${account.jid}/${tagged}`) !== undefined ? tagged : ''
    const session = core.bind(account, wanted, stream)
    stream.session = session
    session.agent = agent
    const older = [...account.sessions.values()].filter((other) => other !== session && other.agent === agent)
    for (const other of agent === undefined ? [] : older) {
      if (other.stream === undefined) core.endSession(other)
      else other.stream.close('conflict')
    }
    return session
  }

  #bound(request: XmlElement, session: LoopbackSession): XmlElement {
    return Bound({}).with({}, ...this.#options.core.boundWith(request, session))
  }
}
