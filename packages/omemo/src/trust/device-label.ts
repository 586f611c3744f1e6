/** Checks an Ed25519 signature (RFC 8032); false for keys and signatures that are none. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

/** A label as a device list has it. */
export interface SignedLabel {
  /** What the device calls itself. */
  readonly label?: string | undefined
  /** The signature of its UTF-8 form. */
  readonly labelsig?: Uint8Array | undefined
}

/** Code points (XEP-0384 §5.3.1). */
const longestLabel = 53
/** What turns text around, breaks the line or cannot be seen: it could make a label look like something of the app. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu
/** Not looked at: to verify megabytes would be work for nothing. */
const longestText = 1000

/**
 * The label of a device as it may be shown: only if the identity key of the device has signed it (XEP-0384 §5.3.1), for the
 * server could have written it otherwise. Cut to 53 code points, without control characters; `undefined` if nothing is left.
 */
export function verifiedLabel(
  { label, labelsig }: SignedLabel,
  ed25519: Uint8Array,
  verify: VerifySignature,
): string | undefined {
  if (label === undefined || label.length > longestText || labelsig?.length !== 64) return undefined
  if (!verify(ed25519, new TextEncoder().encode(label), labelsig)) return undefined
  const shown = [...label.replace(unsafe, '')].slice(0, longestLabel).join('').trim()
  return shown === '' ? undefined : shown
}

/** The bytes of an own label, to be signed. @throws RangeError if others would not show it as it is (XEP-0384 §5.3.1) */
export function labelBytes(label: string): Uint8Array {
  if ([...label].length > longestLabel) throw new RangeError(`a label has at most ${longestLabel} characters`)
  if (label.trim() === '' || label.search(unsafe) >= 0) throw new RangeError('a label is visible text')
  return new TextEncoder().encode(label)
}
