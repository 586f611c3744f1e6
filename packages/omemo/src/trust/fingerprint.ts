import { keyBytes, keyName } from './trust-record.js'

/** A key to be compared by people: 8 groups of 8 hexadecimal digits of the Curve25519 form (XEP-0384 §8). */
export function fingerprint(identityKey: Uint8Array): string {
  return (hexOf(identityKey).match(/.{8}/g) as string[]).join(' ')
}

/**
 * Reads what somebody has typed or pasted: upper or lower case, any white space, colons or hyphens between, and the `05`
 * that some clients show in front. `undefined` for anything but a whole key.
 */
export function parseFingerprint(text: string): Uint8Array | undefined {
  if (text.length > 1000) return undefined
  return keyOfHex(text.replace(/[\s:-]+/g, ''))
}

/** @internal A key as 64 digits. */
export function hexOf(identityKey: Uint8Array): string {
  return Array.from(keyBytes(keyName(identityKey)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** @internal A key of 64 digits, or of 66 that begin with 05. */
export function keyOfHex(hex: string): Uint8Array | undefined {
  const digits = /^(?:05)?([0-9a-f]{64})$/i.exec(hex)?.[1]
  return digits === undefined
    ? undefined
    : Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}
