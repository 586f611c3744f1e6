import type { CryptoBackend } from '../crypto/backend.js'
import { concatBytes } from '../crypto/bytes.js'
import { OmemoError } from '../omemo-error.js'

const keyLength = 16
const tagLength = 16

/** A body as 0.3 sends it (XEP-0384 0.3.0 §4.4). */
export interface LegacyPayload {
  /** `<payload/>`, without the tag. */
  readonly payload: Uint8Array
  /** `<iv/>`, 12 bytes. */
  readonly iv: Uint8Array
  /** Key and tag: what the ratchet encrypts for each device. */
  readonly keyMaterial: Uint8Array
}

/** Encrypts a body with AES-128-GCM and a new key. The tag goes into the ratchet, so no recipient can forge for another (OMEMO S1). */
export function encryptLegacyPayload(backend: CryptoBackend, plaintext: Uint8Array): LegacyPayload {
  const key = backend.randomBytes(keyLength)
  const iv = backend.randomBytes(12)
  const sealed = backend.aesGcmEncrypt(key, iv, plaintext)
  return {
    payload: sealed.slice(0, -tagLength),
    iv,
    keyMaterial: concatBytes(key, sealed.subarray(-tagLength)),
  }
}

/** What an empty message carries: a key that nothing is encrypted with, and an initialisation vector. */
export function emptyLegacyPayload(backend: CryptoBackend): Omit<LegacyPayload, 'payload'> {
  return { keyMaterial: backend.randomBytes(keyLength), iv: backend.randomBytes(12) }
}

/**
 * Decrypts a body; initialisation vectors have 12 bytes, or 16 from before 2020. Throws `obsolete-payload` when the tag is
 * not in the key material, as until 2017 (OMEMO S1), `malformed` for other lengths, `bad-mac` when it is not authentic.
 */
export function decryptLegacyPayload(backend: CryptoBackend, { payload, iv, keyMaterial }: LegacyPayload): Uint8Array {
  if (keyMaterial.length === keyLength) throw new OmemoError('obsolete-payload')
  if (keyMaterial.length !== keyLength + tagLength) throw new OmemoError('malformed')
  if (iv.length !== 12 && iv.length !== 16) throw new OmemoError('malformed')
  const sealed = concatBytes(payload, keyMaterial.subarray(keyLength))
  const plaintext = backend.aesGcmDecrypt(keyMaterial.subarray(0, keyLength), iv, sealed)
  if (!plaintext) throw new OmemoError('bad-mac')
  return plaintext
}
