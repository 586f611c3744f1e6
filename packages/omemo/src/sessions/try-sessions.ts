import { base64 } from '@couplet/stanza'
import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import type { IdentityKeyPair } from '../crypto/identity.js'
import type { KeyExchange, ParsedMessage, Profile, RatchetMessage } from '../crypto/profile.js'
import { type Decrypted, decrypt } from '../crypto/ratchet.js'
import { type Session, skipLimits } from '../crypto/session.js'
import { isExchangeOf, respond } from '../crypto/x3dh.js'
import type { OwnKeys } from '../devices/account-record.js'
import { findPreKey } from '../devices/own-keys.js'
import { OmemoError, type OmemoErrorCode } from '../omemo-error.js'
import { type SessionRecord, withCurrent } from './session-record.js'

/** Who tries. */
export interface Receiver {
  /** How many keys of a chain may still be derived for this message: what is in vain is not seen before (OMEMO S13). */
  steps: number

  readonly backend: CryptoBackend
  readonly profile: Profile
  readonly identity: IdentityKeyPair
  readonly keys: OwnKeys
}

/** A message that was decrypted, and what is different after it. Nothing is changed before somebody writes it. */
export interface Opened {
  /** The plaintext of the ratchet. */
  readonly plaintext: Uint8Array
  /** The record with the session in front that has decrypted it. */
  readonly record: SessionRecord
  /** The identity key of the sender's device, as on the wire. */
  readonly remoteIdentity: Uint8Array
  /** The prekey that a new session has used. */
  readonly usedPreKeyId: number | undefined
  /** The number of the message in its chain. */
  readonly n: number
  /** The sender's ratchet key. */
  readonly ratchetKey: Uint8Array
}

/** What says more about a message than that no session could decrypt it. */
const telling: readonly OmemoErrorCode[] = ['replayed', 'expired', 'too-many-skipped']

/**
 * Decrypts a message with whichever session can, or with a new one if it is a key exchange nobody has seen.
 *
 * @throws OmemoError `replayed`, `expired`, `too-many-skipped`, `no-session`, `no-prekey`, and `bad-mac` for all else
 */
export function openMessage(receiver: Receiver, record: SessionRecord, parsed: ParsedMessage): Opened {
  if (parsed.kind === 'message') return tryAll(receiver, record, parsed)
  const known = record.sessions.find((session) => isExchangeOf(session, parsed))
  if (known !== undefined) return openWith(receiver, record, known, parsed.message)
  // It must not take the place of later ones (OMEMO S12).
  if (record.spent.includes(base64.encode(parsed.ephemeralKey))) throw new OmemoError('replayed')
  return begin(receiver, record, parsed)
}

function tryAll(receiver: Receiver, record: SessionRecord, message: RatchetMessage): Opened {
  if (record.sessions.length === 0) throw new OmemoError('no-session')
  let worst: OmemoErrorCode = 'bad-mac'
  for (const session of likeliestFirst(record.sessions, message)) {
    try {
      return openWith(receiver, record, session, message)
    } catch (error) {
      const { code } = error as { readonly code?: OmemoErrorCode }
      if (!(error instanceof OmemoError)) throw error
      const [before, now] = [telling.indexOf(worst), telling.indexOf(code as OmemoErrorCode)]
      if (now >= 0 && (before < 0 || now < before)) worst = code as OmemoErrorCode
    }
  }
  throw new OmemoError(worst)
}

/** Those that know the ratchet key need no new chain to try. */
function likeliestFirst(sessions: readonly Session[], { ratchetKey }: RatchetMessage): readonly Session[] {
  const knows = ({ receiving, past }: Session): boolean =>
    [...(receiving ? [receiving] : []), ...past].some((chain) => equalBytes(chain.ratchetKey, ratchetKey))
  const likely = sessions.filter(knows)
  return likely.length === 0 ? sessions : likely
}

function openWith(receiver: Receiver, record: SessionRecord, session: Session, message: RatchetMessage): Opened {
  spend(receiver, stepsTo(session, message))
  const opened = decrypt(receiver.backend, receiver.profile, session, message)
  return outcome(opened, withCurrent(record, opened.session, session), undefined)
}

/** How many keys are derived before it is known whether a session can decrypt a message. */
function stepsTo({ receiving, past }: Session, { ratchetKey, n }: RatchetMessage): number {
  if (receiving && equalBytes(receiving.ratchetKey, ratchetKey)) return Math.max(0, n - receiving.next)
  return past.some((chain) => equalBytes(chain.ratchetKey, ratchetKey)) ? 0 : n
}

function spend(receiver: Receiver, steps: number): void {
  if (steps > skipLimits.perMessage) return // refused before anything is derived
  if (steps > receiver.steps) throw new OmemoError('too-many-skipped')
  receiver.steps -= steps
}

function begin(receiver: Receiver, record: SessionRecord, exchange: KeyExchange): Opened {
  const { backend, profile, identity, keys } = receiver
  const signedPreKey = keys.signedPreKeys.find(({ id }) => id === exchange.signedPreKeyId)
  const preKey = findPreKey(keys, exchange.preKeyId)
  if (signedPreKey === undefined || preKey === undefined) throw new OmemoError('no-prekey')
  spend(receiver, exchange.message.n)
  const session = respond(backend, profile, { identity, signedPreKey, preKey, exchange })
  const opened = decrypt(backend, profile, session, exchange.message)
  return outcome(opened, { ...withCurrent(record, opened.session), owed: 'completion' }, exchange.preKeyId)
}

/** XEP-0384 §6: the first message of a ratchet key with such a number is answered, so that the ratchet turns. */
const heartbeatFrom = 53

function outcome(opened: Decrypted, record: SessionRecord, usedPreKeyId: number | undefined): Opened {
  const { n, ratchetKey, plaintext, session } = opened
  const key = base64.encode(ratchetKey)
  const isDue = n >= heartbeatFrom && record.heartbeat !== key
  return {
    plaintext,
    n,
    ratchetKey,
    usedPreKeyId,
    remoteIdentity: session.remoteIdentity,
    record: {
      ...record,
      unanswered: 0,
      ...(isDue && { heartbeat: key, owed: record.owed ?? 'heartbeat' }),
    },
  }
}
