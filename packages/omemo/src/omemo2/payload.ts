import type { CryptoBackend } from '../crypto/backend.js'
import { concatBytes, equalBytes, utf8Bytes, wipe } from '../crypto/bytes.js'
import { OmemoError } from '../omemo-error.js'

const keyLength = 32
const macLength = 16
const info = utf8Bytes('OMEMO Payload')

/** An envelope as omemo:2 sends it (XEP-0384 §4.4). */
export interface Omemo2Payload {
  /** `<payload/>`. */
  readonly payload: Uint8Array
  /** Key and truncated MAC, 48 bytes: what the ratchet encrypts for each device. */
  readonly keyMaterial: Uint8Array
}

/** Key material of an empty message: 32 zero bytes, and there is no payload (XEP-0384 §4.4). */
export function emptyOmemo2KeyMaterial(): Uint8Array {
  return new Uint8Array(keyLength)
}

/** 32 bytes to encrypt with, 32 for the MAC, 16 of initialisation vector. */
function keysOf(backend: CryptoBackend, key: Uint8Array) {
  const keys = backend.hkdfSha256(undefined, key, info, 80)
  return { keys, cipher: keys.subarray(0, 32), mac: keys.subarray(32, 64), iv: keys.subarray(64) }
}

/** Encrypts with AES-256-CBC and HMAC-SHA256 under a new key. */
export function encryptOmemo2Payload(backend: CryptoBackend, plaintext: Uint8Array): Omemo2Payload {
  const key = backend.randomBytes(keyLength)
  const { keys, cipher, mac, iv } = keysOf(backend, key)
  const payload = backend.aesCbcEncrypt(cipher, iv, plaintext)
  const keyMaterial = concatBytes(key, backend.hmacSha256(mac, payload).subarray(0, macLength))
  wipe(key, keys)
  return { payload, keyMaterial }
}

/** Decrypts. Throws `malformed` for key material of another length, `bad-mac` for all that is not authentic (OMEMO S17). */
export function decryptOmemo2Payload(backend: CryptoBackend, { payload, keyMaterial }: Omemo2Payload): Uint8Array {
  if (keyMaterial.length !== keyLength + macLength) throw new OmemoError('malformed')
  const { keys, cipher, mac, iv } = keysOf(backend, keyMaterial.subarray(0, keyLength))
  const expected = backend.hmacSha256(mac, payload).subarray(0, macLength)
  const isAuthentic = equalBytes(expected, keyMaterial.subarray(keyLength))
  const plaintext = isAuthentic ? backend.aesCbcDecrypt(cipher, iv, payload) : undefined
  wipe(keys)
  if (!plaintext) throw new OmemoError('bad-mac')
  return plaintext
}
