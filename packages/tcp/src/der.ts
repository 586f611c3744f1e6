/** One DER value: its tag, where it begins, and where its content lies. */
export interface DerValue {
  readonly tag: number
  readonly at: number
  readonly start: number
  readonly end: number
}

/** Tags of ITU-T X.690 §8 as they stand in a certificate. */
export const derTag = {
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  ia5String: 0x16,
  sequence: 0x30,
} as const

/**
 * The values between two places, by the Distinguished Encoding Rules (ITU-T X.690 §10.1): an empty list if anything is out
 * of bounds, or has an encoding of the length that is not the one.
 */
export function readAll(der: Uint8Array, from: number, to: number): readonly DerValue[] {
  const values: DerValue[] = []
  for (let at = from; at < to; ) {
    const value = readOne(der, at, to)
    if (value === undefined) return []
    values.push(value)
    at = value.end
  }
  return values
}

/** The values inside another one. */
export const inside = (der: Uint8Array, { start, end }: DerValue): readonly DerValue[] => readAll(der, start, end)

/** The content of a value. */
export const content = (der: Uint8Array, { start, end }: DerValue): Uint8Array => der.subarray(start, end)

/** The content of a value as hexadecimal digits: how identifiers are compared. */
export const hex = (der: Uint8Array, value: DerValue): string => Buffer.from(content(der, value)).toString('hex')

function readOne(der: Uint8Array, at: number, to: number): DerValue | undefined {
  const tag = der[at] as number
  const first = der[at + 1]
  if (first === undefined || (tag & 0x1f) === 0x1f) return undefined // no tag of a certificate takes several bytes
  let start = at + 2
  let length = first
  if (first >= 0x80) {
    const bytes = first - 0x80
    if (bytes < 1 || bytes > 3) return undefined // the indefinite form is not DER; nothing here is longer
    length = 0
    for (let i = 0; i < bytes; i++) length = length * 256 + (der[start + i] ?? 0)
    if (length < (bytes === 1 ? 0x80 : 256 ** (bytes - 1))) return undefined
    start += bytes
  }
  return start + length > to ? undefined : { tag, at, start, end: start + length }
}
