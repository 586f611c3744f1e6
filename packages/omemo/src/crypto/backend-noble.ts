import { cbc, gcm } from '@noble/ciphers/aes.js'
import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { scalarMultBase, sharedKey } from '@stablelib/x25519'
import { OmemoError } from '../omemo-error.js'
import type { CryptoBackend } from './backend.js'
import { equalBytes } from './bytes.js'
import { hkdfSha256, hmacSha256 } from './hmac-sha256.js'
import { scalarFromHash, scalarOf } from './scalar.js'

/** undefined instead of an error of which the text could tell padding from length. */
function attempt(decrypt: () => Uint8Array): Uint8Array | undefined {
  try {
    return decrypt()
  } catch {
    return undefined
  }
}

function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const received = signature.subarray(0, 32)
  const hash = scalarFromHash(sha512.create().update(received).update(publicKey).update(message).digest())
  try {
    const key = Point.fromBytes(publicKey)
    const expected = Point.BASE.multiplyUnsafe(scalarOf(signature.subarray(32))).subtract(key.multiplyUnsafe(hash))
    return equalBytes(expected.toBytes(), received)
  } catch {
    return false // not a point of the curve
  }
}

/** The reference, in plain JavaScript: browsers use it, and wherever the platform has nothing better. */
export const nobleBackend: CryptoBackend = {
  name: 'noble',
  randomBytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  x25519PublicKey: scalarMultBase,
  x25519: (privateKey, publicKey) => {
    try {
      return sharedKey(privateKey, publicKey, true)
    } catch {
      throw new OmemoError('bad-key')
    }
  },
  ed25519Verify: verify,
  hmacSha256,
  hkdfSha256,
  aesCbcEncrypt: (key, iv, plaintext) => cbc(key, iv).encrypt(plaintext),
  aesCbcDecrypt: (key, iv, ciphertext) => attempt(() => cbc(key, iv).decrypt(ciphertext)),
  aesGcmEncrypt: (key, iv, plaintext) => gcm(key, iv).encrypt(plaintext),
  aesGcmDecrypt: (key, iv, sealed) => attempt(() => gcm(key, iv).decrypt(sealed)),
}

/**
 * What `#backend` is where nothing better is known.
 *
 * @alias
 */
export const defaultBackend: CryptoBackend = nobleBackend
