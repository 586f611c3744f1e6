import { base64 } from '@couplet/stanza'
import type { CryptoBackend } from '../../../omemo/src/crypto/backend.js'
import { generateKeyPair, type IdentityKeyPair, identityFromPrivateKey } from '../../../omemo/src/crypto/identity.js'
import { parseMessage } from '../../../omemo/src/crypto/profile.js'
import { encrypt } from '../../../omemo/src/crypto/ratchet.js'
import type { Session } from '../../../omemo/src/crypto/session.js'
import { initiate, verifyBundle } from '../../../omemo/src/crypto/x3dh.js'
import type { OwnKeys } from '../../../omemo/src/devices/account-record.js'
import { bundleOf, rotated, usedPreKey } from '../../../omemo/src/devices/own-keys.js'
import { legacyVersion } from '../../../omemo/src/legacy/version.js'
import { omemo2Version } from '../../../omemo/src/omemo2/version.js'
import {
  currentOf,
  noSessions,
  type SessionRecord,
  sessionKind,
  withCurrent,
} from '../../../omemo/src/sessions/session-record.js'
import { openMessage } from '../../../omemo/src/sessions/try-sessions.js'
import { limits } from '../../../omemo/src/wire/limits.js'
import type { BundleValue } from '../../../omemo/src/wire/version.js'
import { NS_LEGACY, type Version } from './elements.js'

/** A message of a ratchet: one device's share of a message. */
export interface Share {
  readonly bytes: Uint8Array
  readonly isKeyExchange: boolean
}

/** What was encrypted or decrypted, and the name of the session it was done with. */
type WithSession<T> = T & { readonly session: string }

const nameOf = ({ ephemeralKey }: Session): string => base64.encode(ephemeralKey)

/**
 * The cryptography of `@couplet/omemo` as one device with one contact: the ratchet's messages, and nothing around them.
 * Its sessions live in text, as in a store: each call begins with what the one before has written.
 */
export class RatchetDevice {
  readonly jid = 'juliet@couplet.example'
  readonly device = 4223
  readonly #backend: CryptoBackend
  readonly #version
  readonly #identity: IdentityKeyPair
  #keys: OwnKeys
  #stored = JSON.stringify(sessionKind.toJson(noSessions))

  constructor(version: Version, backend: CryptoBackend, signBit: 0 | 1) {
    this.#backend = backend
    this.#version = version === NS_LEGACY ? legacyVersion : omemo2Version
    this.#identity = identityFromPrivateKey(backend, backend.randomBytes(32), signBit)
    const preKeys = [1, 2, 3, 4, 5].map((id) => ({ id, ...generateKeyPair(backend) }))
    const ids = { nextSignedPreKeyId: 7, nextPreKeyId: 6 }
    this.#keys = { signedPreKeys: [], preKeys, retained: [], ...ids, published: {}, revision: 0 }
    this.rotate()
  }

  /** What it publishes. */
  get bundle(): BundleValue {
    return bundleOf(this.#backend, this.#version, this.#identity, this.#keys)
  }

  /** Whether it can encrypt without another key exchange. */
  get hasSession(): boolean {
    return currentOf(this.#record) !== undefined
  }

  get #record(): SessionRecord {
    return sessionKind.fromJson(JSON.parse(this.#stored) as never)
  }

  set #record(record: SessionRecord) {
    this.#stored = JSON.stringify(sessionKind.toJson(record))
  }

  /** Begins a session, with this prekey of the contact or with the first. */
  begin({ identityKey, signedPreKey, signature, preKeys: { keys } }: BundleValue, preKeyId = keys[0]?.id ?? 0): void {
    const { profile } = this.#version
    const wire = { identityKey, signedPreKey: { ...signedPreKey, signature }, preKeys: keys }
    const bundle = verifyBundle(this.#backend, profile, wire)
    const ids = { preKeyId, registrationId: this.device }
    const session = initiate(this.#backend, profile, { identity: this.#identity, bundle, ...ids })
    this.#record = withCurrent(this.#record, session)
  }

  /** Encrypts with the session that has decrypted or begun last. */
  encrypt(plaintext: Uint8Array): WithSession<Share> {
    const record = this.#record
    const current = currentOf(record)
    if (current === undefined) throw new Error('no session')
    const { session, bytes, isKeyExchange } = encrypt(this.#backend, this.#version.profile, current, plaintext)
    this.#record = withCurrent(record, session, current)
    return { bytes, isKeyExchange, session: nameOf(session) }
  }

  /** Decrypts with whichever session can, or with a new one. A prekey that was used is put aside. */
  decrypt(bytes: Uint8Array): WithSession<{ readonly plaintext: Uint8Array; readonly wasKeyExchange: boolean }> {
    const { profile } = this.#version
    const parsed = parseMessage(profile, bytes)
    const { steps } = limits
    const receiver = { backend: this.#backend, profile, identity: this.#identity, keys: this.#keys, steps }
    const { plaintext, record, usedPreKeyId } = openMessage(receiver, this.#record, parsed)
    this.#record = record
    if (usedPreKeyId !== undefined) this.#keys = usedPreKey(this.#keys, usedPreKeyId)
    const session = record.sessions.map(nameOf)[0] ?? ''
    return { plaintext, wasKeyExchange: parsed.kind === 'key-exchange', session }
  }

  /** How long they say that their previous chain was. */
  announcedLength(bytes: Uint8Array): number {
    const parsed = parseMessage(this.#version.profile, bytes)
    return parsed.kind === 'message' ? parsed.pn : parsed.message.pn
  }

  /** Another signed prekey; the one before is kept for another period. */
  rotate(): void {
    this.#keys = rotated(this.#backend, this.#keys, 0)
  }

  /** Prekeys that were used are gone now. */
  endCatchUp(): void {
    this.#keys = { ...this.#keys, retained: [] }
  }
}
