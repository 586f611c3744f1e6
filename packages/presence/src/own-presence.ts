import type { PluginContext, SendHandle } from '@couplet/client'
import { Jid, type Presence, type PresenceInit, presence, type XmlElement } from '@couplet/stanza'

/** How available we are. */
export type OwnAvailability = Pick<PresenceInit, 'show' | 'status' | 'priority' | 'lang'>

/**
 * What we have told others about ourselves. A new session begins with it, because the server forgets with the old one
 * (RFC 6121 §4.2, §4.6).
 */
export class OwnPresence {
  readonly #context: PluginContext
  /** What replaces the client's option `presence`. */
  #own: Presence | false | undefined
  readonly #directed = new Map<string, Presence>()
  /** What has been said since the connection was lost, by address: a session that goes on has not heard it. */
  readonly #unsaid = new Map<string, Presence>()
  /** Whether a new session has begun that nothing was announced in. */
  #isNew = false

  constructor(context: PluginContext) {
    this.#context = context
    context.onSession((isResumed) => {
      this.#isNew = !isResumed
    })
    context.onResume(() => {
      for (const stanza of this.#unsaid.values()) context.send(stanza)
      this.#unsaid.clear()
    })
    context.announce((initial) => (this.#isNew ? this.#announce(initial) : []))
  }

  /** Once in each session: one that goes on in another stream still knows it. */
  #announce(initial: readonly Presence[]): readonly Presence[] {
    this.#isNew = false
    this.#unsaid.clear()
    const own = this.#own === undefined ? initial : this.#own === false ? [] : [this.#own]
    return [...own, ...this.#directed.values()]
  }

  /** Tells everybody who may know, now and in later sessions. */
  set(own: OwnAvailability | false, payloads: readonly XmlElement[]): SendHandle | undefined {
    const stanza = build(own, undefined, payloads)
    this.#own = own === false ? false : stanza
    // RFC 6121 §4.5.2: those who got directed presence hear it, too.
    if (own === false) {
      this.#directed.clear()
      this.#unsaid.clear()
    }
    return this.#send(stanza)
  }

  /** Tells one entity. */
  sendTo(to: Jid | string, own: OwnAvailability | false, payloads: readonly XmlElement[]): SendHandle | undefined {
    const jid = typeof to === 'string' ? Jid.parse(to) : to
    const stanza = build(own, jid, payloads)
    if (own === false) this.#directed.delete(jid.toString())
    else this.#directed.set(jid.toString(), stanza)
    return this.#send(stanza)
  }

  /** Otherwise it is said when there is a session again; in a queue it could contradict what was said after it. */
  #send(stanza: Presence): SendHandle | undefined {
    const to = String(stanza.to ?? '')
    this.#unsaid.delete(to) // what was said last comes last
    if (this.#context.isOnline) return this.#context.send(stanza)
    this.#unsaid.set(to, stanza)
    return undefined
  }
}

function build(own: OwnAvailability | false, to: Jid | undefined, payloads: readonly XmlElement[]): Presence {
  if (own === false) return presence({ type: 'unavailable', to }, ...payloads)
  const { show, status, priority, lang } = own
  return presence({ show, status, priority, lang, to }, ...payloads)
}
