import { wipe } from './bytes.js'
import type { KeyPair } from './identity.js'
import type { ExchangeHeader, Profile } from './profile.js'

/** A message key that was skipped and waits for its message. */
export interface SkippedKey {
  /** The number of the message in its chain. */
  readonly n: number
  /** 32 bytes; the cipher keys are derived from it. */
  readonly messageKey: Uint8Array
}

/** What is left of a receiving chain: who sent it, how far it went, and the keys that were skipped. */
export interface PastChain {
  /** The sender's ratchet key, 32 raw bytes. */
  readonly ratchetKey: Uint8Array
  /** The number of the next message that was not reached. */
  readonly next: number
  /** Below this number skipped keys were dropped because there were too many. */
  readonly expired: number
  /** Skipped keys, by ascending number. */
  readonly skipped: readonly SkippedKey[]
}

/** The receiving chain in use. */
export interface ReceivingChain extends PastChain {
  /** The chain key of message `next`. */
  readonly chainKey: Uint8Array
}

/** The sending chain in use. */
export interface SendingChain {
  /** The chain key of message `next`. */
  readonly chainKey: Uint8Array
  /** The number of the next message. */
  readonly next: number
}

/**
 * One double ratchet with one device, as an immutable value: operations return a new one, and the old one stays as it is
 * (OMEMO F5). Whoever keeps an old value and uses it again reuses message keys, so commit the new one first.
 */
export interface Session {
  /** Of which version it is. */
  readonly profile: Profile['name']
  /** Whether we sent the key exchange. */
  readonly initiator: boolean
  /** Our identity key as on the wire. */
  readonly ownIdentity: Uint8Array
  /** The identity key of the other device as it was received. */
  readonly remoteIdentity: Uint8Array
  /** The ephemeral key of the key exchange: the name of the session (OMEMO S12). */
  readonly ephemeralKey: Uint8Array
  /** What to repeat in front of each message until something decrypts; only on the initiator's side. */
  readonly exchange: ExchangeHeader | undefined
  /** Our ratchet key. */
  readonly ratchet: KeyPair
  /** The root key. */
  readonly rootKey: Uint8Array
  /** Undefined until the responder has received. */
  readonly sending: SendingChain | undefined
  /** How long our previous sending chain was. */
  readonly previousLength: number
  /** Undefined until something decrypted. */
  readonly receiving: ReceivingChain | undefined
  /** The receiving chains before that, oldest first; at most five, older ones are dropped with their keys (OMEMO S13). */
  readonly past: readonly PastChain[]
}

/** How many skipped keys are derived for one message and kept in one session (XEP-0384 §4.3). */
export interface SkipLimits {
  /** Of one message; more is `too-many-skipped`. */
  readonly perMessage: number
  /** Of one session; the oldest are dropped. */
  readonly perSession: number
}

/** 1000 and 1000, as XEP-0384 §4.3 recommends. */
export const skipLimits: SkipLimits = { perMessage: 1000, perSession: 1000 }

/** After so many ratchet turns the skipped keys of a chain are dropped (OMEMO S13). */
export const pastChains = 5

/** How many skipped keys a session keeps. */
export function skippedCount(session: Session): number {
  return session.past.reduce((sum, chain) => sum + chain.skipped.length, session.receiving?.skipped.length ?? 0)
}

function secretsOf(session: Session): Set<Uint8Array> {
  const { ratchet, rootKey, sending, receiving, past } = session
  const secrets = [ratchet.privateKey, rootKey]
  if (sending) secrets.push(sending.chainKey)
  if (receiving) secrets.push(receiving.chainKey)
  for (const chain of receiving ? [...past, receiving] : past) {
    for (const { messageKey } of chain.skipped) secrets.push(messageKey)
  }
  return new Set(secrets)
}

/** Overwrites what only the replaced session held, after the new one was committed; without `next`, all of it. */
export function wipeSession(replaced: Session, next?: Session): void {
  const kept = next === undefined ? new Set<Uint8Array>() : secretsOf(next)
  for (const secret of secretsOf(replaced)) if (!kept.has(secret)) wipe(secret)
}
