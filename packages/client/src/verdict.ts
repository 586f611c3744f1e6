import type { StreamErrorCondition } from '@couplet/stanza'
import type { Pause } from './backoff.js'

/** Why there will be no further attempt unless somebody asks for it. */
export type StopReason =
  /** The client was stopped. */
  | 'stopped'
  /** Another client took the session over (R-018, S-161). */
  | 'replaced'
  /** The login was refused, or the server did not prove itself. */
  | 'authentication'
  /** The certificate of the server was never good. */
  | 'certificate'
  /** The domain is not served, TLS is missing, or no transport fits. */
  | 'configuration'
  /** The server speaks another version of XMPP. */
  | 'incompatible'
  /** One of the two sides breaks the protocol again and again. */
  | 'protocol'

/** There is no point in trying again: offline, with the error. */
export interface Halt {
  /** Tells it from a {@link Retrial}. */
  readonly kind: 'stop'
  /** Why; the error itself says more. */
  readonly reason: StopReason
}

/** Try again: `Backoff.next` takes this and says when. */
export interface Retrial extends Pause {
  /** Tells it from a {@link Halt}. */
  readonly kind: 'retry'
  /** The wait is to be served in full: only the user, no change of the network, can cut it short. */
  readonly firm?: boolean | undefined
  /** Do not resume the session: begin a new one. */
  readonly fresh?: boolean | undefined
  /** Ask for another resource than before. */
  readonly newResource?: boolean | undefined
  /** Prove the credentials themselves, not with a stored token (XEP-0484). */
  readonly withoutToken?: boolean | undefined
  /** The server may have ended the stream over what it would have handled next. */
  readonly poison?: boolean | undefined
  /** The `host`, `host:port` or `[IPv6]:port` to go to, for the same domain and under the same rules of TLS. */
  readonly redirect?: string | undefined
}

/** What to do after a connection ended or an attempt failed. */
export type Verdict = Halt | Retrial

/** What an error does not say about itself. */
export interface Situation {
  /** There is a session to resume; false once the server has closed the stream properly (XEP-0198 §9.1). */
  readonly resumable: boolean
  /** The user named the resource; otherwise it is random or the server's choice, and another one is as good. */
  readonly fixedResource: boolean
  /** The error came over verified TLS. */
  readonly secure: boolean
  /** The error came before TLS was on, where it belongs on: anybody on the way may have made it. */
  readonly inTheClear?: boolean
}

/** As U(0.5, 1) × min(300 s, 1 s × 1.7ⁿ) says. */
export const backoff: Retrial = { kind: 'retry', delay: 'backoff' }
/** A link that was lost: U(0, 1) s. */
export const soon: Retrial = { kind: 'retry', delay: { min: 0, max: 1000 } }
/**
 * A server that restarts loses all clients at once: they come back over U(0, 60) s, and whoever is too early then
 * U(45, 90) s later. From 60 s instead of 90 s, the second wave would meet the end of the first, and more than 5 % could
 * come in one second.
 */
export const spread: Retrial = { kind: 'retry', delay: { min: 0, max: 60_000 }, from: 90_000 }
/** A certificate that was good may be renewed: every 5 to 5½ min. */
export const patient: Retrial = { kind: 'retry', delay: { min: 300_000, max: 330_000 }, firm: true }
/** Somebody who is perhaps not the server turns us away, such as a hotspot that wants a login: slowly, until it is another network. */
export const doubtful: Retrial = { ...backoff, from: 60_000 }
/** Another resource, after 5 to 10 s. */
export const elsewhere: Retrial = {
  kind: 'retry',
  delay: { min: 5000, max: 10_000 },
  firm: true,
  fresh: true,
  newResource: true,
}

/** No further attempt, for this reason. */
export const stop = (reason: StopReason): Halt => ({ kind: 'stop', reason })

/** What to do after each stream error (RFC 6120 §4.9.3), as far as it needs neither memory nor situation. */
export const streamVerdicts: Readonly<Partial<Record<StreamErrorCondition, Verdict>>> = {
  'connection-timeout': soon,
  'host-gone': stop('configuration'),
  'host-unknown': stop('configuration'),
  'internal-server-error': backoff,
  'policy-violation': { ...backoff, penalty: 3, poison: true },
  'remote-connection-failed': backoff,
  reset: { kind: 'retry', delay: { min: 0, max: 5000 }, withoutToken: true },
  'resource-constraint': { ...backoff, from: 60_000 },
  'system-shutdown': spread,
  'unsupported-feature': stop('incompatible'),
  'unsupported-stanza-type': { ...backoff, poison: true },
  'unsupported-version': stop('incompatible'),
}

/** The server could not read what we wrote. */
export const unreadable: ReadonlySet<StreamErrorCondition> = new Set<StreamErrorCondition>([
  'bad-format',
  'bad-namespace-prefix',
  'invalid-namespace',
  'invalid-xml',
  'not-well-formed',
  'restricted-xml',
  'unsupported-encoding',
])

/** Refusals of binding that pass, besides those of type `wait` (RFC 6120 §7.6.2, §8.3.3). */
export const passing: ReadonlySet<string> = new Set([
  'internal-server-error',
  'remote-server-timeout',
  'service-unavailable',
  'undefined-condition',
])
