import { equalBytes, type ScramHash } from '@couplet/sasl'
import { type BareJid, type FullJid, Presence, type XmlElement } from '@couplet/stanza'
import { deriveSecrets, type ScramSecrets } from '../wire/scram-server.js'
import type { LoopbackStream } from './loopback-stream.js'

/** An account of a loopback server. */
export class LoopbackAccount {
  /** Its address. */
  readonly jid: BareJid
  /** Who is logged in, by resource. */
  readonly sessions: Map<string, LoopbackSession> = new Map()
  readonly #password: string
  readonly #secrets = new Map<ScramHash, Promise<ScramSecrets>>()

  /** @internal */
  constructor(jid: BareJid, password: string) {
    this.jid = jid
    this.#password = password
  }

  /** The sessions that are available, in the order in which they came. */
  get available(): readonly LoopbackSession[] {
    return [...this.sessions.values()].filter(({ presence }) => presence !== undefined)
  }

  /** @internal What SCRAM needs, derived when the first login with this hash asks for it. */
  secrets(hash: ScramHash): Promise<ScramSecrets> {
    const known = this.#secrets.get(hash)
    if (known !== undefined) return known
    const secrets = deriveSecrets(hash, this.#password)
    this.#secrets.set(hash, secrets)
    return secrets
  }

  /** Whether this is the password. */
  hasPassword(text: string): boolean {
    return equalBytes(Buffer.from(text), Buffer.from(this.#password))
  }
}

/** Where the stanzas for a session go. */
export interface StanzaSink {
  /** Sends an element to the client. */
  send(element: XmlElement): void
}

/** A resource that is bound. */
export class LoopbackSession {
  /** Whose session it is. */
  readonly account: LoopbackAccount
  /** Its full JID. */
  readonly jid: FullJid
  /** The connection it is on; `undefined` while it is kept without one. */
  stream: LoopbackStream | undefined
  /** What the client calls itself (XEP-0388 §2.3), if it was bound with its login. */
  agent: string | undefined
  /** Where {@link deliver} sends; stream management exchanges it. */
  sink: StanzaSink
  /** How many stanzas of the client were handled. */
  handled = 0
  /** The presence it last broadcast, with its address; `undefined` while it is not available. */
  presence: XmlElement | undefined
  /** Whom it sent directed presence (RFC 6121 §4.6). */
  readonly directed: Set<string> = new Set()
  readonly #had = new WeakSet<XmlElement>()

  /** @internal */
  constructor(account: LoopbackAccount, jid: FullJid, stream: LoopbackStream) {
    this.account = account
    this.jid = jid
    this.stream = stream
    this.sink = stream
  }

  /** RFC 6121 §4.7.2.3; 0 if it did not say. */
  get priority(): number {
    return this.presence === undefined ? 0 : new Presence(this.presence).priority
  }

  /**
   * Sends a stanza to the client; without `to`, it is addressed to the session.
   *
   * @param original what it is a copy of
   */
  deliver(stanza: XmlElement, original: XmlElement = stanza): void {
    this.#had.add(original)
    this.sink.send(stanza.attr('to') === undefined ? stanza.with({ to: this.jid.toString() }) : stanza)
  }

  /** Whether it was handed this very stanza, or a copy of it. */
  had(stanza: XmlElement): boolean {
    return this.#had.has(stanza)
  }
}
