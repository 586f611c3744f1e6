import { OmemoError } from '../omemo-error.js'

/** The fields a message may have, by number; others are skipped. */
export type ProtobufSchema = Readonly<Record<number, 'uint32' | 'bytes'>>

/** The known fields of a message, each at most once. Bytes are views of what was read. */
export class ProtobufFields {
  readonly #numbers = new Map<number, number>()
  readonly #bytes = new Map<number, Uint8Array>()

  /** Keeps one field. */
  set(field: number, value: number | Uint8Array): void {
    if (this.has(field)) throw new OmemoError('malformed')
    if (typeof value === 'number') this.#numbers.set(field, value)
    else this.#bytes.set(field, value)
  }

  /** Whether the field was there. */
  has(field: number): boolean {
    return this.#numbers.has(field) || this.#bytes.has(field)
  }

  /** A required uint32 (proto2); throws `malformed` without it. */
  uint32(field: number): number {
    const value = this.#numbers.get(field)
    if (value === undefined) throw new OmemoError('malformed')
    return value
  }

  /** Required bytes (proto2); throws `malformed` without them. */
  bytes(field: number): Uint8Array {
    const value = this.#bytes.get(field)
    if (value === undefined) throw new OmemoError('malformed')
    return value
  }

  /** Optional bytes. */
  optionalBytes(field: number): Uint8Array | undefined {
    return this.#bytes.get(field)
  }
}

class Cursor {
  at = 0
  constructor(readonly data: Uint8Array) {}

  /** A varint of at most 64 bits. Above 2^53 the number is not exact, which is enough to see that it is too large. */
  varint(): number {
    let value = 0
    let factor = 1
    for (let length = 0; length < 10; length++) {
      const byte = this.data[this.at++]
      if (byte === undefined) throw new OmemoError('malformed')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    throw new OmemoError('malformed')
  }

  uint32(): number {
    const value = this.varint()
    if (value > 0xffffffff) throw new OmemoError('malformed')
    return value
  }

  take(length: number): Uint8Array {
    const end = this.at + length
    if (end > this.data.length) throw new OmemoError('malformed')
    const bytes = this.data.subarray(this.at, end)
    this.at = end
    return bytes
  }
}

/** Fixed64, length-delimited, fixed32; groups and what is not assigned are refused. */
function skip(cursor: Cursor, wireType: number): void {
  if (wireType === 0) cursor.varint()
  else if (wireType === 1) cursor.take(8)
  else if (wireType === 2) cursor.take(cursor.uint32())
  else if (wireType === 5) cursor.take(4)
  else throw new OmemoError('malformed')
}

/**
 * Reads a protobuf message. Unknown fields are skipped; a known one with another wire type, a repeated one, a number
 * above 2^32 - 1 and anything cut short throw `malformed`.
 */
export function readProtobuf(data: Uint8Array, schema: ProtobufSchema): ProtobufFields {
  const cursor = new Cursor(data)
  const fields = new ProtobufFields()
  while (cursor.at < data.length) {
    const tag = cursor.uint32()
    const field = Math.floor(tag / 8)
    const wireType = tag % 8
    const kind = schema[field]
    if (field === 0) throw new OmemoError('malformed')
    if (kind === undefined) skip(cursor, wireType)
    else if (wireType !== (kind === 'uint32' ? 0 : 2)) throw new OmemoError('malformed')
    else fields.set(field, kind === 'uint32' ? cursor.uint32() : cursor.take(cursor.uint32()))
  }
  return fields
}

/** Writes fields in the order of the calls; numbers of 0 are written, too (proto2). */
export class ProtobufWriter {
  #buffer: Uint8Array
  #length = 0

  /** `capacity`: the sum of all byte fields; numbers, tags and `prefix` need no counting. */
  constructor(capacity: number, prefix?: number) {
    this.#buffer = new Uint8Array(capacity + 64)
    if (prefix !== undefined) this.#buffer[this.#length++] = prefix
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#length++] = rest
  }

  /** A number of at most 32 bits. */
  uint32(field: number, value: number): this {
    this.#varint(field * 8)
    this.#varint(value)
    return this
  }

  /** Bytes. */
  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2)
    this.#varint(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
    return this
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length)
  }
}
