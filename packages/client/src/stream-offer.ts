import type { BareJid, Infer, XmlElement } from '@couplet/stanza'
import type { Addressing } from './addressing.js'
import type { Enabled } from './elements.js'

/** @internal Options of a session core. */
export interface SessionCoreOptions {
  /** The bare JID of the account. */
  readonly account: BareJid
  /** Milliseconds until a request without an answer rejects; default 60,000. */
  readonly requestTimeout?: number
  /** How the session is called, and which stanzas are for it; default: as a client. */
  readonly addressing?: Addressing
}

/** @internal What a stream brings beside its JID. */
export interface StreamOffer {
  /** What the server offers; a resumed stream may come without. */
  readonly features?: XmlElement | undefined
  /** Stream management, if it is on. */
  readonly management?: Infer<typeof Enabled> | undefined
  /** The largest stanza the server takes, in bytes. */
  readonly maxBytes?: number | undefined
  /** The server has stopped answering. */
  dead?(): void
}
