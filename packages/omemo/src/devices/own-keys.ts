import type { CryptoBackend } from '../crypto/backend.js'
import { generateKeyPair, type IdentityKeyPair, identityFromPrivateKey } from '../crypto/identity.js'
import { sign } from '../crypto/profile.js'
import { Pace } from '../pace.js'
import { LARGEST_ID } from '../wire/ids.js'
import type { BundleValue, Version } from '../wire/version.js'
import type { Account, OwnKeys, OwnPreKey } from './account-record.js'

/** How many prekeys a bundle has (XEP-0384 §4.2). */
export const preKeyCount = 100
/** How long a signed prekey is offered, and kept after that: a week each (XEP-0384 §4.2). */
export const rotationPeriod = 7 * 24 * 3600 * 1000

/** The identity of an account record, with both public forms. */
export function identityOf(backend: CryptoBackend, { privateKey, signBit }: Account): IdentityKeyPair {
  return identityFromPrivateKey(backend, privateKey, signBit)
}

/** Whether the signed prekey is due for another one. */
export function isRotationDue({ signedPreKeys }: OwnKeys, now: number): boolean {
  const current = signedPreKeys[0]
  return current === undefined || now - current.createdAt >= rotationPeriod || now < current.createdAt - rotationPeriod
}

/** Milliseconds until the signed prekey is due for another one. */
export function untilRotation({ signedPreKeys }: OwnKeys, now: number): number {
  const current = signedPreKeys[0]
  return current === undefined ? 0 : Math.max(0, current.createdAt + rotationPeriod - now)
}

/**
 * Keys of a new device.
 *
 * @param first the first ids; for a device that was there before, others than it can have had
 */
export function newOwnKeys(backend: CryptoBackend, now: number, first = 1): Promise<OwnKeys> {
  const none: OwnKeys = {
    signedPreKeys: [],
    preKeys: [],
    retained: [],
    nextSignedPreKeyId: first,
    nextPreKeyId: first,
    published: {},
    revision: 0,
  }
  return refilled(backend, rotated(backend, none, now))
}

/** With a new signed prekey; the one before is kept for another period, older ones are gone. */
export function rotated(backend: CryptoBackend, keys: OwnKeys, now: number): OwnKeys {
  const { nextSignedPreKeyId: id } = keys
  const made = { id, ...generateKeyPair(backend), createdAt: now }
  return {
    ...keys,
    signedPreKeys: [made, ...keys.signedPreKeys.slice(0, 1)],
    nextSignedPreKeyId: nextId(id),
    revision: keys.revision + 1,
  }
}

/** With as many prekeys as a bundle should have, made piece by piece. */
export async function refilled(backend: CryptoBackend, keys: OwnKeys, count: number = preKeyCount): Promise<OwnKeys> {
  if (keys.preKeys.length >= count) return keys
  const preKeys: OwnPreKey[] = [...keys.preKeys]
  let { nextPreKeyId: id } = keys
  const pace = new Pace()
  for (; preKeys.length < count; id = nextId(id)) {
    await pace.pause()
    preKeys.push({ id, ...generateKeyPair(backend) })
  }
  return { ...keys, preKeys, nextPreKeyId: id, revision: keys.revision + 1 }
}

/** An id is never given to another key, so that nobody mistakes one for the other. */
const nextId = (id: number): number => (id >= LARGEST_ID ? 1 : id + 1)

/** A prekey that somebody names; also one that was used already, as long as it is put aside. */
export function findPreKey({ preKeys, retained }: OwnKeys, id: number): OwnPreKey | undefined {
  return preKeys.find((key) => key.id === id) ?? retained.find((key) => key.id === id)
}

/** With a prekey that was used put aside: whoever has read the bundle that offers it may use it as well (OMEMO F2). */
export function usedPreKey(keys: OwnKeys, id: number): OwnKeys {
  const used = keys.preKeys.find((key) => key.id === id)
  if (used === undefined) return keys
  return {
    ...keys,
    preKeys: keys.preKeys.filter((key) => key.id !== id),
    retained: [...keys.retained, used],
    revision: keys.revision + 1,
  }
}

/** What is published of them, in the form of a version; signed anew each time. */
export function bundleOf(
  backend: CryptoBackend,
  { profile }: Version,
  identity: IdentityKeyPair,
  keys: OwnKeys,
): BundleValue {
  const signed = keys.signedPreKeys[0]
  if (signed === undefined) throw new TypeError('a bundle has a signed prekey')
  const publicKey = profile.encodeKey(signed.publicKey)
  return {
    signedPreKey: { id: signed.id, publicKey },
    signature: sign(backend, profile, identity, publicKey),
    identityKey: profile.encodeIdentity(identity),
    preKeys: { keys: keys.preKeys.map(({ id, publicKey: key }) => ({ id, publicKey: profile.encodeKey(key) })) },
  }
}
