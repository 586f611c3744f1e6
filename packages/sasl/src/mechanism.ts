import type { SaslError } from './sasl-error.js'

/** Channel-binding types with a registered meaning for TLS (RFC 5929, RFC 9266). */
export type ChannelBindingType = 'tls-exporter' | 'tls-server-end-point' | 'tls-unique'

/** What identifies the TLS channel; the transport gives it. Never give `tls-unique` on TLS 1.3 (RFC 9266 §3). */
export interface ChannelBinding {
  /** How the data was obtained. */
  readonly type: ChannelBindingType
  /** The binding data itself. */
  readonly data: Uint8Array
}

/** One authentication attempt, single use. After any rejection every further call rejects. */
export interface SaslMechanism {
  /** The registered name, such as `SCRAM-SHA-256-PLUS`. */
  readonly name: string
  /** The channel binding this attempt proves, if any. */
  readonly channelBinding: ChannelBindingType | undefined
  /** What the server reported inside the mechanism (OAUTHBEARER) before it fails us: the better reason to show. */
  readonly serverError: SaslError | undefined
  /** The initial response; an empty array is a present but empty one (`=` in RFC 6120 §6.4.2), `undefined` is none. */
  initial(): Promise<Uint8Array | undefined>
  /** The answer to a challenge. */
  challenge(data: Uint8Array): Promise<Uint8Array>
  /** Takes the additional data of success. Authentication holds only if this resolves: the server proved itself. */
  success(data: Uint8Array | undefined): Promise<void>
  /** Gives up and wipes; a running call rejects with `aborted`. */
  abort(): void
}
