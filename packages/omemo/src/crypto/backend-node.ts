import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type JsonWebKeyInput,
  type KeyObject,
  randomFillSync,
  verify,
} from 'node:crypto'
import { OmemoError } from '../omemo-error.js'
import type { CryptoBackend } from './backend.js'
import { nobleBackend } from './backend-noble.js'
import { equalBytes } from './bytes.js'
import { hkdfSha256, hmacSha256 } from './hmac-sha256.js'

/** From here on the platform's AES and SHA cost less than their set-up. */
const bulk = 1536

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
}

/** Parsed keys, as long as their bytes are in use. Parsing is more than half of a key agreement. */
const privateKeys = new WeakMap<Uint8Array, KeyObject>()
const publicKeys = new WeakMap<Uint8Array, KeyObject>()

/** Whether a JWK is taken whatever its `x` is: Node 26 compares it with `d`, and takes raw keys instead. */
let takesAnyX: boolean | undefined

const jwkOf = (bytes: Uint8Array): KeyObject =>
  createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: 'AA', d: base64url(bytes) } })

function isAnyXTaken(): boolean {
  try {
    return jwkOf(basePoint) !== undefined
  } catch {
    return false
  }
}

/**
 * Imported as JWK, which is many times faster than DER on Node 20. Private keys are never generated or exported by the
 * platform: exporting a generated one can hang Node 20.
 */
function privateKeyOf(bytes: Uint8Array): KeyObject {
  const known = privateKeys.get(bytes)
  if (known) return known
  takesAnyX ??= isAnyXTaken()
  const raw = { format: 'raw-private', key: Buffer.from(bytes), asymmetricKeyType: 'x25519' }
  const key = takesAnyX ? jwkOf(bytes) : createPrivateKey(raw as unknown as JsonWebKeyInput)
  privateKeys.set(bytes, key)
  return key
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  const known = publicKeys.get(bytes)
  if (known) return known
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: base64url(bytes) } })
  publicKeys.set(bytes, key)
  return key
}

/** u = 9 (RFC 7748 §4.1). */
const basePoint = new Uint8Array(32)
basePoint[0] = 9

function x25519(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    return owned(diffieHellman({ privateKey: privateKeyOf(privateKey), publicKey: publicKeyOf(publicKey) }))
  } catch {
    throw new OmemoError('bad-key')
  }
}

/** A plain array of its own memory: a Buffer may be a piece of a pool. */
function owned(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer)
}

function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) } })
  return verify(null, message, key, signature)
}

function cbcEncrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  return owned(Buffer.concat([cipher.update(plaintext), cipher.final()]))
}

function cbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv('aes-256-cbc', key, iv)
  try {
    return owned(Buffer.concat([decipher.update(ciphertext), decipher.final()]))
  } catch {
    return undefined
  }
}

function gcmEncrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, iv)
  return owned(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]))
}

function gcmDecrypt(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, iv, { authTagLength: 16 })
  try {
    decipher.setAuthTag(sealed.subarray(-16))
    return owned(Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]))
  } catch {
    return undefined
  }
}

/**
 * Node: the platform's X25519 and Ed25519, its AES and HMAC for what is long, plain JavaScript for what is short
 * (docs/decisions/0009-omemo-platform-crypto.md).
 */
export const platformBackend: CryptoBackend = {
  name: 'platform',
  randomBytes: (length) => randomFillSync(new Uint8Array(length)),
  x25519PublicKey: (privateKey) => x25519(privateKey, basePoint),
  x25519,
  ed25519Verify,
  hmacSha256: (key, first, second) => {
    if (first.length + (second?.length ?? 0) < bulk) return hmacSha256(key, first, second)
    const state = createHmac('sha256', key).update(first)
    return owned((second === undefined ? state : state.update(second)).digest())
  },
  hkdfSha256,
  aesCbcEncrypt: (key, iv, plaintext) =>
    plaintext.length < bulk ? nobleBackend.aesCbcEncrypt(key, iv, plaintext) : cbcEncrypt(key, iv, plaintext),
  aesCbcDecrypt: (key, iv, ciphertext) =>
    ciphertext.length < bulk ? nobleBackend.aesCbcDecrypt(key, iv, ciphertext) : cbcDecrypt(key, iv, ciphertext),
  aesGcmEncrypt: (key, iv, plaintext) =>
    plaintext.length < bulk ? nobleBackend.aesGcmEncrypt(key, iv, plaintext) : gcmEncrypt(key, iv, plaintext),
  aesGcmDecrypt: (key, iv, sealed) =>
    sealed.length < bulk ? nobleBackend.aesGcmDecrypt(key, iv, sealed) : gcmDecrypt(key, iv, sealed),
}

/** The first vector of RFC 7748 §5.2. */
const known = {
  scalar: Buffer.from('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4', 'hex'),
  u: Buffer.from('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c', 'hex'),
  result: Buffer.from('c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552', 'hex'),
}

/** The candidate if it can do X25519, else the fallback: not everything that answers to `node` is Node. */
export function usableBackend(candidate: CryptoBackend, fallback: CryptoBackend): CryptoBackend {
  try {
    return equalBytes(candidate.x25519(known.scalar, known.u), known.result) ? candidate : fallback
  } catch {
    return fallback
  }
}

/** What `#backend` is under Node. */
export const defaultBackend: CryptoBackend = usableBackend(platformBackend, nobleBackend)
