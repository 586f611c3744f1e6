import { OmemoError } from '../omemo-error.js'
import type { CryptoBackend } from './backend.js'
import { equalBytes, wipe } from './bytes.js'
import { generateKeyPair } from './identity.js'
import { chainStep, openMessage, sealMessage } from './message-keys.js'
import type { Profile, RatchetMessage } from './profile.js'
import { advance, closeChain, enforceLimit, takeSkipped } from './receiving-chain.js'
import { rootStep } from './root-chain.js'
import { pastChains, type Session, type SkipLimits, skipLimits } from './session.js'

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
