import type { ParserLimits } from '@couplet/stanza'
import type { TestAuthority } from '../test-authority.js'
import type { FastOptions } from './fast-tokens.js'
import type { LoopbackModule } from './loopback-module.js'
import type { ManagementOptions } from './stream-management.js'

/** Options of `startLoopback()`. */
export interface LoopbackOptions {
  /** The domain; default `example.org`. */
  readonly domain?: string
  /** Passwords by user name. */
  readonly users?: Readonly<Record<string, string>>
  /** Modules beside those that are always there. */
  readonly modules?: readonly LoopbackModule[]
  /** Whether PLAIN is offered too, over TLS; default false. */
  readonly allowPlain?: boolean
  /** Stream management (XEP-0198); `false` for a server without. */
  readonly management?: ManagementOptions | false
  /**
   * Whether it is a server of old: neither SASL2 (XEP-0388) nor what comes with it; default false. The login of RFC 6120
   * is always possible.
   */
  readonly legacy?: boolean
  /** Whether it binds while it authenticates (XEP-0386); default true. */
  readonly bind2?: boolean
  /**
   * Whether Bind 2 clears the messages that wait, because the archive has them: XEP-0386 §3.2 asks for it, and some
   * servers do it. Default false, as with those that do not.
   */
  readonly bind2ClearsOffline?: boolean
  /** Tokens (XEP-0484); `false` for a server without. */
  readonly fast?: FastOptions | false
  /** What clients are told about limits (XEP-0478); more than `maxBytes` in one stanza ends a stream. */
  readonly streamLimits?: { readonly maxBytes?: number; readonly idleSeconds?: number }
  /** Limits for what clients send that differ from the defaults. */
  readonly limits?: Partial<ParserLimits>
  /** Who issues the certificate; default an authority of its own. */
  readonly authority?: TestAuthority
}

/** What to listen on; nothing is the default. */
export interface ListenOptions {
  /** TCP with STARTTLS. */
  readonly tcp?: boolean
  /** Direct TLS (XEP-0368). */
  readonly tls?: boolean
  /** WebSocket over TLS (RFC 7395). */
  readonly websocket?: boolean
  /** The port, if only one of them is asked for; default any that is free. */
  readonly port?: number
}

/** Where a loopback server listens: what a client is given as its `service`. */
export interface LoopbackServices {
  /** `xmpp:` with STARTTLS. */
  readonly tcp?: URL
  /** `xmpps:`. */
  readonly tls?: URL
  /** `wss:`. */
  readonly websocket?: URL
}
