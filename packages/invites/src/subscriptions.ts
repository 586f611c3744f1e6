import type { CallOptions, Handled, PluginContext, Subscription } from '@couplet/client'
import { PreApproval } from '@couplet/presence'
import { type BareJid, type Presence, type PresenceType, presence, type XmlElement } from '@couplet/stanza'
import { Preauth } from './elements.js'
import { ExpectedContacts } from './expected-contacts.js'
import type { InviteLink } from './invite-link.js'
import { OwnTokens } from './own-tokens.js'

/** Somebody was let in, because of an invitation. */
export interface Redemption {
  /** Who. The roster has them without a name: what to call them is up to the user (XEP-0379 §5.4). */
  readonly from: BareJid
  /** They have brought a token of ours, or were expected since we have accepted their invitation. */
  readonly reason: 'token' | 'expected'
}

/** Asks with the tokens of others, and lets those in who bring one of ours; nobody else. */
export class Subscriptions {
  /** The tokens that were given out. */
  readonly tokens: OwnTokens
  /** Calls the handler when somebody was let in. */
  readonly onRedeemed: (handler: (redemption: Redemption) => Handled) => Subscription
  readonly #context: PluginContext
  readonly #expected: ExpectedContacts
  readonly #emit: (redemption: Redemption) => void
  /** What became of a request, for the handlers of the application. */
  readonly #results = new WeakMap<XmlElement, Promise<boolean>>()

  constructor(context: PluginContext) {
    this.#context = context
    this.tokens = new OwnTokens(context.store)
    this.#expected = new ExpectedContacts(context.store)
    const redeemed = context.event<[Redemption]>()
    this.onRedeemed = (handler) => redeemed.on(handler)
    this.#emit = (redemption) => redeemed.emit(redemption)
    context.onPresence(async (received) => void (await this.isRedeemed(received)))
  }

  /** Asks whoever has invited us, and lets them ask back (XEP-0379 §3.4). */
  async accept({ jid, token }: InviteLink, expires: Date, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    const canPreApprove = this.#context.serverFeatures?.get(PreApproval) === true
    if (!canPreApprove) await this.#expected.add(jid, expires)
    signal?.throwIfAborted()
    const payloads = token === undefined ? [] : [Preauth({ token })]
    const sent = [this.#send('subscribe', jid, ...payloads), ...(canPreApprove ? [this.#send('subscribed', jid)] : [])]
    await Promise.all(sent)
  }

  /** Whether a request was granted because of an invitation; looked at once, whoever asks. */
  isRedeemed(received: Presence): Promise<boolean> {
    const { element } = received
    const known = this.#results.get(element)
    if (known !== undefined) return known
    const result = this.#consider(received)
    this.#results.set(element, result)
    return result
  }

  async #consider({ type, from, element }: Presence): Promise<boolean> {
    const sender = from?.bare
    if (type !== 'subscribe' || sender === undefined || sender.equals(this.#context.account)) return false
    const preauth = element.read(Preauth)
    // What cannot be read, or is none of ours, is as if it were not there (XEP-0379 §4.1).
    if (preauth?.ok && (await this.tokens.redeem(preauth.value.token, sender))) {
      this.#letIn(sender, 'token')
      return true
    }
    if (!(await this.#expected.take(sender))) return false
    this.#letIn(sender, 'expected')
    return true
  }

  /** XEP-0379 §3.5. What becomes of it after it was sent is the server's affair: it is in the roster then. */
  #letIn(from: BareJid, reason: Redemption['reason']): void {
    this.#context.send(presence({ type: 'subscribed', to: from }))
    if (reason === 'token') this.#context.send(presence({ type: 'subscribe', to: from }))
    this.#emit({ from, reason })
  }

  #send(type: PresenceType, to: BareJid, ...payloads: readonly XmlElement[]): Promise<void> {
    return this.#context.send(presence({ type, to }, ...payloads)).acked
  }
}
