// As much of the Distinguished Encoding Rules (ITU-T X.690 §10) as a certificate takes.

function node(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

function length(count: number): Buffer {
  if (count < 0x80) return Buffer.from([count])
  const digits = Buffer.from(count.toString(16).padStart(count > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits])
}

/** SEQUENCE. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => node(0x30, ...parts)
/** SET. */
export const set = (...parts: readonly Uint8Array[]): Buffer => node(0x31, ...parts)
/** INTEGER from a big-endian unsigned number. */
export const integer = (bytes: Uint8Array): Buffer =>
  node(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes)
/** BOOLEAN `TRUE`; `FALSE` is the default wherever we need one, and defaults are not written. */
export const yes: Buffer = node(0x01, Buffer.from([0xff]))
/** BIT STRING; `unused` are the bits at the end that do not count. */
export const bitString = (bytes: Uint8Array, unused = 0): Buffer => node(0x03, Buffer.from([unused]), bytes)
/** OCTET STRING. */
export const octetString = (bytes: Uint8Array): Buffer => node(0x04, bytes)
/** UTF8String. */
export const utf8String = (text: string): Buffer => node(0x0c, Buffer.from(text))
/** IA5String. */
export const ia5String = (text: string): Buffer => node(0x16, Buffer.from(text, 'latin1'))
/** UTCTime, for the years to 2049. */
export const utcTime = (date: Date): Buffer =>
  node(0x17, Buffer.from(date.toISOString().replace(/^..(..)-(..)-(..)T(..):(..):(..).*$/, '$1$2$3$4$5$6Z')))
/** A context-specific tag, around whole elements. */
export const tagged = (tag: number, ...parts: readonly Uint8Array[]): Buffer => node(0xa0 | tag, ...parts)
/** A context-specific tag instead of the universal one of a primitive type. */
export const implicit = (tag: number, content: Uint8Array): Buffer => node(0x80 | tag, content)

/** OBJECT IDENTIFIER in dotted decimals. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...more] = dotted.split('.').map(Number)
  return node(0x06, Buffer.from([first * 40 + second, ...more.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}
