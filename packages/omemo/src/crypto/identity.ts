import { etc } from '@noble/ed25519'
import { OmemoError } from '../omemo-error.js'
import type { CryptoBackend } from './backend.js'
import { equalBytes, wipe } from './bytes.js'
import { clampScalar, fieldPrime, groupOrder, scalarBytes, scalarOf } from './scalar.js'
import { ed25519Of, signingScalar } from './xeddsa.js'

/** a / b in the field. */
const quotient = (a: bigint, b: bigint): bigint => etc.mod(a * etc.invert(b, fieldPrime), fieldPrime)

/** An X25519 key pair, 32 raw bytes each. */
export interface KeyPair {
  /** The u-coordinate (RFC 7748 §5). */
  readonly publicKey: Uint8Array
  /** The clamped scalar. */
  readonly privateKey: Uint8Array
}

/** A long-term key pair, in both forms. New ones have sign bit 0, so that either form determines the other. */
export interface IdentityKeyPair extends KeyPair {
  /** The Ed25519 form; for an imported key its sign bit may be 1. */
  readonly ed25519: Uint8Array
}

/** A new X25519 key pair (RFC 7748 §6.1). */
export function generateKeyPair(backend: CryptoBackend): KeyPair {
  const random = backend.randomBytes(32)
  const pair = keyPairOf(backend, random)
  wipe(random)
  return pair
}

/** The key pair of 32 private bytes, which are copied and clamped. */
export function keyPairOf(backend: CryptoBackend, privateKey: Uint8Array): KeyPair {
  const clamped = clampScalar(privateKey)
  return { privateKey: clamped, publicKey: backend.x25519PublicKey(clamped) }
}

/** A new identity (XEP-0384 §4.1). */
export function generateIdentity(backend: CryptoBackend): IdentityKeyPair {
  const random = backend.randomBytes(32)
  const identity = identityFromPrivateKey(backend, random)
  wipe(random)
  return identity
}

/** The identity of 32 private bytes; `signBit` is for keys that were published elsewhere in another form. */
export function identityFromPrivateKey(
  backend: CryptoBackend,
  privateKey: Uint8Array,
  signBit: 0 | 1 = 0,
): IdentityKeyPair {
  const pair = keyPairOf(backend, privateKey)
  const scalar = signingScalar(pair.privateKey, signBit)
  const identity = { ...pair, ed25519: ed25519Of(scalar) }
  wipe(scalar)
  return identity
}

/** u = (1 + y) / (1 - y): the X25519 form of an Ed25519 key (RFC 7748 §4.1). Throws `bad-key` for y >= p and y = 1. */
export function curveFromEd25519(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new OmemoError('bad-key')
  const y = scalarOf(key) & ((1n << 255n) - 1n)
  if (y >= fieldPrime || y === 1n) throw new OmemoError('bad-key')
  return scalarBytes(quotient(1n + y, 1n - y))
}

/** y = (u - 1) / (u + 1) with the given sign bit: an Ed25519 form of an X25519 key. Throws `bad-key` for u >= p and u = -1. */
export function ed25519FromCurve(key: Uint8Array, signBit: 0 | 1): Uint8Array {
  if (key.length !== 32) throw new OmemoError('bad-key')
  const u = scalarOf(key)
  if (u >= fieldPrime - 1n) throw new OmemoError('bad-key')
  const edwards = scalarBytes(quotient(u - 1n, u + 1n))
  edwards[31] = (edwards[31] as number) | (signBit << 7)
  return edwards
}

/**
 * 5L - 1 is a multiple of 8 with bit 254 set, so clamping leaves it alone; it is -1 modulo L. It maps a point of the
 * prime-order group to its negative, which has the same u, and no other point to one with the same u: it removes
 * torsion, and the order of the twist does not divide it.
 */
const minusOne = scalarBytes(5n * groupOrder - 1n)

/** Throws `bad-key` unless u is canonical and stands for a point of the prime-order group (OMEMO S15). */
export function checkCurveKey(backend: CryptoBackend, key: Uint8Array): void {
  if (key.length !== 32 || scalarOf(key) >= fieldPrime) throw new OmemoError('bad-key')
  if (!equalBytes(backend.x25519(minusOne, key), key)) throw new OmemoError('bad-key')
}

/** u of the points of low order and their other encodings: with these the shared secret is all zero (RFC 7748 §6.1). */
const lowOrder = [
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  fieldPrime - 1n,
  fieldPrime,
  fieldPrime + 1n,
].map(scalarBytes)

/** Whether a public key of X25519 is usable: 32 bytes, not of low order. Bit 255 does not count (RFC 7748 §5). */
export function isUsableCurveKey(key: Uint8Array): boolean {
  if (key.length !== 32) return false
  const masked = key.slice()
  masked[31] = (masked[31] as number) & 0x7f
  return !lowOrder.some((bad) => equalBytes(bad, masked))
}
