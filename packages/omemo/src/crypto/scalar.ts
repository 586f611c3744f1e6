import { Point } from '@noble/ed25519'

/** The field's prime p = 2^255 - 19 and the order L of the prime-order group (RFC 8032 §5.1). */
export const { p: fieldPrime, n: groupOrder }: { readonly p: bigint; readonly n: bigint } = Point.CURVE()

/** The number in little-endian bytes. */
export function scalarOf(bytes: Uint8Array): bigint {
  let hex = ''
  for (let i = bytes.length - 1; i >= 0; i--) hex += (bytes[i] as number).toString(16).padStart(2, '0')
  return BigInt(`0x${hex}`)
}

/** 32 little-endian bytes of a number below 2^256. */
export function scalarBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  const hex = value.toString(16).padStart(64, '0')
  for (let i = 0; i < 32; i++) bytes[31 - i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** 64 bytes of a hash as a scalar (RFC 8032 §5.1.6). */
export function scalarFromHash(hash: Uint8Array): bigint {
  return scalarOf(hash) % groupOrder
}

/** The bytes with the bits set that make a private key of X25519 (RFC 7748 §5). */
export function clampScalar(bytes: Uint8Array): Uint8Array {
  const clamped = bytes.slice()
  clamped[0] = (clamped[0] as number) & 0xf8
  clamped[31] = ((clamped[31] as number) & 0x7f) | 0x40
  return clamped
}
