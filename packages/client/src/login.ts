import type { FullJid, Infer, XmlElement } from '@couplet/stanza'
import type { Enabled } from './elements.js'
import type { Limits } from './stream-limits.js'
import type { XmppStream } from './xmpp-stream.js'

/** A session that may go on in a new stream (XEP-0198 §5). */
export interface Resumption {
  /** The SM-ID of the session. A secret: who has it and can log in takes the session over. */
  readonly previd: string
  /** The full JID the session was bound to. */
  readonly jid: FullJid
  /** How many stanzas were handled. Asked once per attempt, when `<resume/>` is written. */
  handled(): number
}

/** Something that is switched on together with binding, where the server can do that (XEP-0386 §3.2). */
export interface InlineFeature {
  /** What the server lists as `var`. */
  readonly feature: string
  /** What goes into `<bind/>`; `undefined` asks for nothing this time. */
  build(): XmlElement | undefined
}

/** What a login is to bring about. */
export interface SessionRequest {
  /** The session to resume, if there is one. */
  readonly resumption: Resumption | undefined
  /** What to switch on with Bind 2. */
  readonly inline: readonly InlineFeature[]
  /**
   * Whether to bind with Bind 2. Its server drops the messages it kept for us, since the archive has them (XEP-0386 §3.2):
   * only somebody who looks there may use it.
   */
  readonly bind2: boolean
}

/** A stream that is logged in. */
export interface Login {
  /** The stream; its events wait until somebody listens. */
  readonly stream: XmppStream
  /** The full JID. */
  readonly jid: FullJid
  /** What the server offered after authentication; `undefined` after a resumption that came without (XEP-0198 §9.2). */
  readonly features: XmlElement | undefined
  /** What the server takes in this stream, if it says so (XEP-0478); after a resumption it may not say it again. */
  readonly limits?: Limits | undefined
  /** The old session goes on; `h` as the server said it. */
  readonly resumed?: { readonly h: number } | undefined
  /** Resuming was tried and refused; `h` if the server still knew how far it had come. */
  readonly resumptionFailed?: { readonly h: number | undefined } | undefined
  /** Stream management is on for a new session. */
  readonly management?: Infer<typeof Enabled> | undefined
  /** The {@link InlineFeature.feature}s that are on. */
  readonly inlined: ReadonlySet<string>
  /** Stanzas that came after binding and before stream management was on: they belong to the session, uncounted. */
  readonly early: readonly XmlElement[]
}
