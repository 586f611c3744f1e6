import type { ChannelBinding, Credentials, MechanismPolicy } from '@couplet/sasl'
import { NS_STREAM, type XmlElement } from '@couplet/stanza'
import { authenticate } from './authentication.js'
import { type Bound, resumeOrBind } from './classic-bind.js'
import { within } from './deadline.js'
import { NS_SASL, NS_SASL2 } from './elements.js'
import type { Login, SessionRequest } from './login.js'
import type { LoginMemory } from './login-memory.js'
import { phaseLimits } from './negotiation-states.js'
import { type Attempt, Sasl2 } from './sasl2.js'
import { readOffer, type ServerOffer, sameLists } from './server-offer.js'
import { readLimits } from './stream-limits.js'
import { type OpeningOptions, StreamOpening } from './stream-opening.js'
import type { XmppStream } from './xmpp-stream.js'

/** What a login needs to know. */
export interface LoginOptions extends OpeningOptions {
  /** What the user can prove. */
  readonly credentials: Credentials
  /** Which mechanisms are allowed. */
  readonly policy: Omit<MechanismPolicy, 'secure' | 'sasl2' | 'minimum'>
  /** The resource to ask for; without one the server chooses. */
  readonly resource: string | undefined
  /** What the login is to bring about. */
  readonly request: SessionRequest
  /** What is remembered of earlier logins. */
  readonly memory: LoginMemory
  /** What the server may tell the user about this client, in lists of devices (XEP-0388 §2.3). */
  readonly userAgent?: { readonly software?: string | undefined; readonly device?: string | undefined } | undefined
  /** Makes the token useless with this login, if there is one and it is accepted (XEP-0484 §3.6). */
  readonly invalidateToken?: boolean | undefined
}

/** The negotiation of a stream, from the header to the session (RFC 6120 §4.3, XEP-0388). */
export class Negotiation extends StreamOpening {
  readonly #options: LoginOptions

  constructor(stream: XmppStream, options: LoginOptions) {
    super(stream, options)
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
    const { connection } = this.stream
    await within('stream', phaseLimits.stream, signal, memory.load())
    if (!connection.secure) await this.startTls()
    const [scheme = ''] = connection.endpoint.split(':', 1)
    const known = memory.offer(scheme)
    const sasl2 = new Sasl2(this, this.#options)
    const quick = known && (await sasl2.prepareQuick(known))
    try {
      this.writeHeader()
      if (quick !== undefined) this.send(quick.element)
      const features = await this.readFeatures()
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
    return this.stream.connection.channelBindings
  }

  /** SASL as RFC 6120 has it; then the stream begins again. */
  async #classic(features: XmlElement): Promise<Omit<Login, 'stream'>> {
    await authenticate(this, features, this.#options)
    this.writeHeader()
    const after = await this.readFeatures()
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
      this.stream.tolerateOnce(isLateOffer)
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
