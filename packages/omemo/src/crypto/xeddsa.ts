import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import type { CryptoBackend } from './backend.js'
import { concatBytes, wipe } from './bytes.js'
import { clampScalar, groupOrder, scalarBytes, scalarFromHash, scalarOf } from './scalar.js'

/** The prefix that keeps the nonce hash apart from every other hash (XEdDSA §2.5: hash1). */
const noncePrefix = new Uint8Array(32).fill(0xff)
noncePrefix[0] = 0xfe

/**
 * The scalar that signs for an Ed25519 key with this sign bit, as 32 bytes: the private key itself, or its negative. A
 * negative is not clamped, and must never be clamped again or used for X25519 (OMEMO S16).
 */
export function signingScalar(privateKey: Uint8Array, signBit: 0 | 1): Uint8Array {
  const clamped = clampScalar(privateKey)
  const scalar = scalarOf(clamped) % groupOrder
  const own = (Point.BASE.multiply(scalar).toBytes()[31] as number) >> 7
  if (own === signBit) return clamped
  wipe(clamped)
  return scalarBytes(groupOrder - scalar)
}

/** The Ed25519 public key of a scalar from `signingScalar`. */
export function ed25519Of(scalar: Uint8Array): Uint8Array {
  return Point.BASE.multiply(scalarOf(scalar) % groupOrder).toBytes()
}

/**
 * An Ed25519 signature by a Montgomery key pair (XEdDSA §4). `scalar` is from `signingScalar`, `publicKey` its Ed25519
 * form, `random` are 64 bytes that are never used again.
 */
export function xeddsaSign(
  scalar: Uint8Array,
  publicKey: Uint8Array,
  message: Uint8Array,
  random: Uint8Array,
): Uint8Array {
  const nonce = scalarFromHash(
    sha512.create().update(noncePrefix).update(scalar).update(message).update(random).digest(),
  )
  const commitment = Point.BASE.multiply(nonce).toBytes()
  const challenge = scalarFromHash(sha512.create().update(commitment).update(publicKey).update(message).digest())
  return concatBytes(commitment, scalarBytes((nonce + challenge * scalarOf(scalar)) % groupOrder))
}

/** Whether a signature is valid in the strict sense: S below the group order, R and A as they are encoded (RFC 8032 §5.1.7). */
export function verifySignature(
  backend: CryptoBackend,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  if (scalarOf(signature.subarray(32)) >= groupOrder) return false
  return backend.ed25519Verify(publicKey, message, signature)
}
