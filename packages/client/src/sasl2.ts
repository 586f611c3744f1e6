import { chooseTokenMechanism, equalBytes, type SaslMechanism } from '@couplet/sasl'
import type { XmlElement } from '@couplet/stanza'
import { converse, failure } from './authentication.js'
import { AuthenticationError } from './authentication-error.js'
import { type Asked, inlineRequests } from './bind2.js'
import { Abort2, Authenticate, FastUse, NS_SASL, RequestToken, Success2 } from './elements.js'
import { choose, raisedPin, running, stayingWith, tokenMechanisms } from './mechanism-choice.js'
import type { LoginOptions, Negotiation } from './negotiation.js'
import { type Results, readResults } from './sasl2-success.js'
import { readRequired, type ServerOffer } from './server-offer.js'

/** An authentication that is ready to be sent. */
export interface Attempt {
  readonly mechanism: SaslMechanism
  /** The mechanism's first message. */
  readonly initial: Uint8Array | undefined
  /** The `<authenticate/>`. */
  readonly element: XmlElement
  /** What it was made for. */
  readonly offer: ServerOffer
  readonly asked: Asked
  /** Whether it is made with a token. */
  readonly byToken: boolean
  /** The mechanism that a new token would be for. */
  readonly tokenFor: string | undefined
}

/** What came of an authentication that succeeded. */
export interface Authenticated extends Results {
  readonly asked: Asked
}

/** SASL2 with what is done inline (XEP-0388, XEP-0386, XEP-0198 §9, XEP-0484). */
export class Sasl2 {
  readonly #negotiation: Negotiation
  readonly #options: LoginOptions
  #abortPending = false

  constructor(negotiation: Negotiation, options: LoginOptions) {
    this.#negotiation = negotiation
    this.#options = options
  }

  /** Makes an attempt for this offer. @throws AuthenticationError if nothing fits */
  async prepare(offer: ServerOffer, { withToken = true } = {}): Promise<Attempt> {
    return this.#make(offer, await this.#choose(offer, withToken))
  }

  /**
   * Makes an attempt for what the server offered last time, to be sent before it says what it offers now; `undefined`
   * unless it is one that gives nothing away then: by a token, or by SCRAM.
   */
  async prepareQuick(offer: ServerOffer): Promise<Attempt | undefined> {
    try {
      const choice = await this.#choose(offer, true)
      if (choice.count !== undefined || choice.mechanism.name.startsWith('SCRAM-'))
        return await this.#make(offer, choice)
      choice.mechanism.abort()
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
    }
    return undefined
  }

  /**
   * What an attempt that was sent becomes when the server offers something else than it was made for: it goes on, if by
   * what is offered now its first message would have been the same. So the pin and the proof of the list (XEP-0474) are
   * about the list of now.
   */
  async rebase(attempt: Attempt, { mechanisms, bindings }: ServerOffer): Promise<Attempt | undefined> {
    const { name } = attempt.mechanism
    const sent = attempt.initial ?? new Uint8Array()
    const nonce = /,r=([^,]+)$/.exec(new TextDecoder().decode(sent))?.[1]
    const ours = this.#negotiation.bindings
    try {
      const options = stayingWith(name, this.#options, ours)
      const mechanism = choose(options, { mechanisms, bindings, ours, sasl2: true, nonce })
      const initial = await mechanism.initial()
      if (mechanism.name === name && equalBytes(initial ?? new Uint8Array(), sent)) return { ...attempt, mechanism }
      mechanism.abort()
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
    }
    return undefined
  }

  /** Withdraws an attempt that was sent; the server then lets us begin again, or ends the stream, as Prosody does. */
  async withdraw({ mechanism }: Attempt): Promise<void> {
    mechanism.abort()
    this.#negotiation.send(Abort2())
    for (;;) {
      const element = await this.#negotiation.expect('aborting')
      if (element.name !== 'failure') continue
      // It may be about the attempt itself: then the answer to our `<abort/>` is still to come.
      this.#abortPending = !isAborted(element)
      return
    }
  }

  /**
   * Sees an attempt through that was sent. A token that is refused is forgotten, and the login goes on without, once
   * (XEP-0484 §4.1, S-060).
   *
   * @param offer what the server offers now
   * @throws AuthenticationError, ConnectionError, MalformedElementError
   */
  async conclude(attempt: Attempt, offer: ServerOffer): Promise<Authenticated> {
    const result = await this.#conclude(attempt)
    if (!('condition' in result)) return result
    const { memory, credentials } = this.#options
    if (!attempt.byToken || result.condition === 'temporary-auth-failure') throw result
    await memory.update({ token: null })
    const { password, token, external } = credentials
    if (!(password ?? token ?? external)) throw result
    const next = await this.prepare(offer, { withToken: false })
    this.#negotiation.send(next.element)
    const second = await this.#conclude(next)
    if ('condition' in second) throw second
    return second
  }

  async #choose(offer: ServerOffer, withToken: boolean): Promise<Choice> {
    const options = this.#options
    const { memory } = options
    const { mechanisms, bindings } = offer
    const ours = this.#negotiation.bindings
    const fast = tokenMechanisms(offer.fast, options, ours)
    const given = { mechanisms, bindings, ours, sasl2: true }
    const name = withToken ? memory.tokenMechanism : undefined
    if (name !== undefined && fast.includes(name) && chooseTokenMechanism([name], ours) === name) {
      const mechanism = choose(options, given, { mechanism: name, token: () => memory.token?.token ?? '' })
      // Counted and stored first: a use that was not counted could be replayed.
      const count = await memory.countUse()
      if (count !== undefined) return { mechanism, count }
      mechanism.abort()
    }
    return { mechanism: choose(options, given), count: undefined }
  }

  async #make(offer: ServerOffer, { mechanism, count }: Choice): Promise<Attempt> {
    const { request, resource, credentials, memory, userAgent, invalidateToken, signal } = this.#options
    const initial = await running(mechanism, signal, () => mechanism.initial())
    const asked = inlineRequests(offer, request, resource)
    const tokenFor = count === undefined ? this.#wantedToken(offer) : mechanism.name
    const fast =
      count !== undefined
        ? [FastUse({ count, invalidate: invalidateToken ? true : undefined })]
        : tokenFor === undefined
          ? []
          : [RequestToken({ mechanism: tokenFor })]
    // Who wants to be nobody is not recognised by an id either.
    const id = credentials.anonymous ? undefined : memory.userAgentId
    const { software, device } = userAgent ?? {}
    const element = Authenticate({ mechanism: mechanism.name, initial, userAgent: { id, software, device } })
    const complete = element.with({}, ...asked.elements, ...fast)
    return { mechanism, initial, element: complete, offer, asked, byToken: count !== undefined, tokenFor }
  }

  /** The mechanism to ask a token for, if there is none that can be used here (XEP-0484 §3.2). */
  #wantedToken(offer: ServerOffer): string | undefined {
    const { credentials, memory, invalidateToken } = this.#options
    const { bindings } = this.#negotiation
    const fast = tokenMechanisms(offer.fast, this.#options, bindings)
    if (invalidateToken || memory.isGuest || !(credentials.password ?? credentials.token)) return undefined
    const { tokenMechanism } = memory
    const isGood = tokenMechanism !== undefined && fast.includes(tokenMechanism)
    if (isGood && chooseTokenMechanism([tokenMechanism], bindings) !== undefined) return undefined
    return chooseTokenMechanism(fast, bindings)
  }

  async #conclude({ mechanism, asked, byToken, tokenFor }: Attempt): Promise<Authenticated | AuthenticationError> {
    const negotiation = this.#negotiation
    const options = this.#options
    const results = await running(mechanism, options.signal, async () => {
      let outcome = await converse(negotiation, 'sasl2', mechanism)
      if (this.#abortPending && isAborted(outcome)) outcome = await converse(negotiation, 'sasl2', mechanism)
      this.#abortPending = false
      if (outcome.name === 'failure') return failure(outcome, mechanism)
      if (outcome.name === 'continue') {
        negotiation.send(Abort2())
        throw new AuthenticationError('unsupported-task', { mechanism: mechanism.name })
      }
      const { additionalData, authorizationIdentifier } = readRequired(Success2, outcome)
      // First of all the server proves itself.
      await mechanism.success(additionalData)
      return readResults(negotiation, options, outcome, authorizationIdentifier, asked, tokenFor)
    })
    if ('condition' in results) return results
    const isOver = byToken && options.invalidateToken
    const pin = raisedPin(options, negotiation.bindings, mechanism.name)
    await options.memory.update({ pin, token: results.token ?? (isOver ? null : undefined) })
    return { ...results, asked }
  }
}

const isAborted = (element: XmlElement): boolean =>
  element.name === 'failure' && element.child('aborted', NS_SASL) !== undefined

interface Choice {
  readonly mechanism: SaslMechanism
  /** How often the token was used, with this time; `undefined` without a token. */
  readonly count: number | undefined
}
