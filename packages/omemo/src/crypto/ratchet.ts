import { OmemoError } from '../omemo-error.js'
import type { CryptoBackend } from './backend.js'
import { equalBytes, wipe } from './bytes.js'
import { generateKeyPair } from './identity.js'
import { chainStep, openMessage, sealMessage } from './message-keys.js'
import type { Profile, RatchetMessage } from './profile.js'
import { rootStep } from './root-chain.js'
import {
  type PastChain,
  pastChains,
  type ReceivingChain,
  type Session,
  type SkipLimits,
  type SkippedKey,
  skipLimits,
} from './session.js'

/** The greatest number of a message: the one after it has no uint32. */
const lastNumber = 0xfffffffe

/** A message that was encrypted. */
export interface Encrypted {
  /** To be committed before the bytes leave. */
  readonly session: Session
  /** What goes into the element. */
  readonly bytes: Uint8Array
  /** Whether it carries the key exchange. */
  readonly isKeyExchange: boolean
}

/** A message that was decrypted. */
export interface Decrypted {
  /** To be committed together with the plaintext. */
  readonly session: Session
  /** The content. */
  readonly plaintext: Uint8Array
  /** The sender's ratchet key, 32 raw bytes. */
  readonly ratchetKey: Uint8Array
  /** The number of the message in its chain; from 53 on a heartbeat is due (XEP-0384 §6). */
  readonly n: number
}

function checkProfile(profile: Profile, session: Session): void {
  if (session.profile !== profile.name) throw new TypeError('the session is of the other version')
}

/** Encrypts one message (XEP-0384 §4.3). Throws `nothing-received` on a responder's side that has not received yet. */
export function encrypt(backend: CryptoBackend, profile: Profile, session: Session, plaintext: Uint8Array): Encrypted {
  checkProfile(profile, session)
  const { sending, exchange } = session
  if (!sending) throw new OmemoError('nothing-received')
  if (sending.next > lastNumber) throw new OmemoError('exhausted')
  const { messageKey, chainKey } = chainStep(backend, sending.chainKey)
  const header = { ratchetKey: session.ratchet.publicKey, n: sending.next, pn: session.previousLength }
  const sealed = sealMessage(backend, profile, session, header, messageKey, plaintext)
  wipe(messageKey)
  return {
    session: { ...session, sending: { chainKey, next: sending.next + 1 } },
    bytes: exchange ? profile.encodeExchange(exchange, session.ownIdentity, sealed) : sealed,
    isKeyExchange: exchange !== undefined,
  }
}

/** The key of a message that others have overtaken, and its chain without it. */
function takeSkipped<Chain extends PastChain>(chain: Chain, n: number): { key: Uint8Array; chain: Chain } {
  const at = chain.skipped.findIndex((entry) => entry.n === n)
  const found = chain.skipped[at]
  if (found) return { key: found.messageKey, chain: { ...chain, skipped: chain.skipped.toSpliced(at, 1) } }
  if (n < chain.expired) throw new OmemoError('expired')
  throw new OmemoError(n < chain.next ? 'replayed' : 'bad-mac')
}

/** The keys from `next` up to `end`, which is not included, and the chain key of `end`. */
function skipTo(
  backend: CryptoBackend,
  chain: { readonly chainKey: Uint8Array; readonly next: number },
  end: number,
): { skipped: SkippedKey[]; chainKey: Uint8Array } {
  const skipped: SkippedKey[] = []
  let { chainKey } = chain
  for (let n = chain.next; n < end; n++) {
    const step = chainStep(backend, chainKey)
    if (chainKey !== chain.chainKey) wipe(chainKey)
    skipped.push({ n, messageKey: step.messageKey })
    chainKey = step.chainKey
  }
  return { skipped, chainKey }
}

/** Drops the oldest keys above the limit of the session (XEP-0384 §4.3: first in, first out). */
function enforceLimit(past: readonly PastChain[], receiving: ReceivingChain, limit: number) {
  let excess = past.reduce((sum, chain) => sum + chain.skipped.length, receiving.skipped.length) - limit
  if (excess <= 0) return { past, receiving }
  const trim = <Chain extends PastChain>(chain: Chain): Chain => {
    const dropped = chain.skipped.slice(0, excess)
    const last = dropped.at(-1)
    if (!last) return chain
    excess -= dropped.length
    return { ...chain, expired: last.n + 1, skipped: chain.skipped.slice(dropped.length) }
  }
  return { past: past.map(trim), receiving: trim(receiving) }
}

/** Without a copy where nothing was skipped, which is nearly always. */
function joined(before: readonly SkippedKey[], added: readonly SkippedKey[]): readonly SkippedKey[] {
  return added.length === 0 ? before : [...before, ...added]
}

/** The chain as it is after message `n` of it, and the key of that message. */
function advance(backend: CryptoBackend, chain: ReceivingChain, n: number): { key: Uint8Array; chain: ReceivingChain } {
  const { skipped, chainKey } = skipTo(backend, chain, n)
  const step = chainStep(backend, chainKey)
  if (chainKey !== chain.chainKey) wipe(chainKey)
  return {
    key: step.messageKey,
    chain: { ...chain, chainKey: step.chainKey, next: n + 1, skipped: joined(chain.skipped, skipped) },
  }
}

/** A message of the chain in use, or of an earlier one. */
function decryptInChain(
  backend: CryptoBackend,
  profile: Profile,
  session: Session,
  message: RatchetMessage,
  limits: SkipLimits,
): Decrypted | undefined {
  const { receiving, past } = session
  const { ratchetKey, n } = message
  const done = (plaintext: Uint8Array, chains: Partial<Session>): Decrypted => {
    return { plaintext, ratchetKey, n, session: { ...session, exchange: undefined, ...chains } }
  }
  if (receiving && equalBytes(receiving.ratchetKey, ratchetKey)) {
    if (n < receiving.next) {
      const { key, chain } = takeSkipped(receiving, n)
      return done(openMessage(backend, profile, session, message, key), { receiving: chain })
    }
    if (n - receiving.next > limits.perMessage) throw new OmemoError('too-many-skipped')
    const { key, chain } = advance(backend, receiving, n)
    const plaintext = openMessage(backend, profile, session, message, key)
    wipe(key)
    return done(plaintext, enforceLimit(past, chain, limits.perSession))
  }
  const index = past.findIndex((chain) => equalBytes(chain.ratchetKey, ratchetKey))
  const known = past[index]
  if (!known) return undefined
  const { key, chain } = takeSkipped(known, n)
  return done(openMessage(backend, profile, session, message, key), { past: past.with(index, chain) })
}

/**
 * The chain that a turn of the ratchet ends, with the keys of its messages that are still to come. Some senders announce
 * the number of its last message instead of its length, so one key more is kept (XEP-0384 §4.3).
 */
function closeChain(backend: CryptoBackend, chain: ReceivingChain, pn: number): PastChain {
  const { ratchetKey, expired } = chain
  const { skipped, chainKey } = skipTo(backend, chain, pn + 1)
  if (chainKey !== chain.chainKey) wipe(chainKey)
  return { ratchetKey, expired, next: Math.max(chain.next, pn + 1), skipped: joined(chain.skipped, skipped) }
}

/** The receiving chain that a ratchet key begins. What is wrong with the key is not told apart (OMEMO S17). */
function beginChain(backend: CryptoBackend, profile: Profile, session: Session, ratchetKey: Uint8Array) {
  try {
    return rootStep(backend, profile, session.rootKey, session.ratchet.privateKey, ratchetKey)
  } catch {
    throw new OmemoError('bad-mac')
  }
}

/** A message with a new ratchet key: both chains begin anew. Nothing is drawn or kept before it is authentic. */
function decryptWithTurn(
  backend: CryptoBackend,
  profile: Profile,
  session: Session,
  message: RatchetMessage,
  limits: SkipLimits,
): Decrypted {
  const { ratchetKey, n, pn } = message
  const { receiving } = session
  const left = receiving ? Math.max(pn - receiving.next, 0) : 0
  if (left + n > limits.perMessage) throw new OmemoError('too-many-skipped')
  const first = beginChain(backend, profile, session, ratchetKey)
  const begun = { ratchetKey, chainKey: first.chainKey, next: 0, expired: 0, skipped: [] }
  const { key, chain } = advance(backend, begun, n)
  const plaintext = openMessage(backend, profile, session, message, key)
  const ratchet = generateKeyPair(backend)
  const second = rootStep(backend, profile, first.rootKey, ratchet.privateKey, ratchetKey)
  wipe(key, first.rootKey, first.chainKey)
  const past = receiving ? [...session.past, closeChain(backend, receiving, pn)].slice(-pastChains) : session.past
  const next: Session = {
    ...session,
    ...enforceLimit(past, chain, limits.perSession),
    exchange: undefined,
    ratchet,
    rootKey: second.rootKey,
    sending: { chainKey: second.chainKey, next: 0 },
    previousLength: session.sending?.next ?? 0,
  }
  return { session: next, plaintext, ratchetKey, n }
}

/**
 * Decrypts one message (XEP-0384 §4.3). The session that is passed in never changes; a failure is an `OmemoError`:
 * `replayed`, `expired`, `too-many-skipped`, or `bad-mac` for everything else.
 */
export function decrypt(
  backend: CryptoBackend,
  profile: Profile,
  session: Session,
  message: RatchetMessage,
  limits: SkipLimits = skipLimits,
): Decrypted {
  checkProfile(profile, session)
  // Before anything is hashed (OMEMO S13).
  if (message.n > lastNumber || message.pn > lastNumber) throw new OmemoError('too-many-skipped')
  return (
    decryptInChain(backend, profile, session, message, limits) ??
    decryptWithTurn(backend, profile, session, message, limits)
  )
}
