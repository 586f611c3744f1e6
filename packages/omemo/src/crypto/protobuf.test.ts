import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hex } from '../../test/omemo-vectors.js'
import { ProtobufWriter, readProtobuf } from './protobuf.js'

const schema = { 1: 'uint32', 2: 'bytes', 3: 'uint32' } as const
const malformed = expect.objectContaining({ code: 'malformed' })
const bytes = (...values: number[]) => Uint8Array.from(values)

describe('reading', () => {
  test.each([
    ['nothing after a tag', bytes(0x08)],
    ['a varint cut short', bytes(0x08, 0x80)],
    ['a tag cut short', bytes(0x88)],
    ['a varint of eleven bytes', bytes(0x08, ...new Array(10).fill(0x80), 0)],
    ['2^32', bytes(0x08, 0x80, 0x80, 0x80, 0x80, 0x10)],
    ['bytes cut short', bytes(0x12, 2, 0)],
    ['a length of 2^32', bytes(0x12, 0x80, 0x80, 0x80, 0x80, 0x10)],
    ['field 0', bytes(0x00, 0)],
    ['a number where bytes belong', bytes(0x10, 0)],
    ['bytes where a number belongs', bytes(0x0a, 0)],
    ['a fixed32 where a number belongs', bytes(0x0d, 0, 0, 0, 0)],
    ['a repeated number', bytes(0x08, 1, 0x08, 1)],
    ['repeated bytes', bytes(0x12, 0, 0x12, 0)],
    ['an unknown group', bytes(0x23, 0x24)],
    ['an unknown wire type', bytes(0x26)],
    ['an unknown varint cut short', bytes(0x20, 0xff)],
    ['an unknown fixed64 cut short', bytes(0x21, 0, 0, 0, 0, 0, 0, 0)],
    ['unknown bytes cut short', bytes(0x22, 1)],
    ['an unknown fixed32 cut short', bytes(0x25, 0, 0, 0)],
  ])('OMEMO F19: %s is malformed', (_, data) => {
    expect(() => readProtobuf(data, schema)).toThrow(malformed)
  })

  test('unknown fields of every kind are skipped', () => {
    const fields = readProtobuf(
      bytes(
        0x20,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0x01,
        0x21,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        0x22,
        1,
        9,
        0x25,
        1,
        2,
        3,
        4,
        0x08,
        7,
      ),
      schema,
    )
    expect(fields.uint32(1)).toBe(7)
    expect([1, 2, 4].map((field) => fields.has(field))).toEqual([true, false, false])
  })

  test('2^32 - 1, zero in many bytes, and the end of a field at the end', () => {
    const fields = readProtobuf(bytes(0x08, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x18, 0x80, 0x80, 0x00, 0x12, 1, 5), schema)
    expect([fields.uint32(1), fields.uint32(3), hex(fields.bytes(2))]).toEqual([0xffffffff, 0, '05'])
  })

  test('a required field that is missing, or is of the other kind', () => {
    const fields = readProtobuf(bytes(0x08, 1, 0x12, 0), schema)
    expect(() => fields.uint32(3)).toThrow(malformed)
    expect(() => fields.uint32(2)).toThrow(malformed)
    expect(() => fields.bytes(1)).toThrow(malformed)
    expect(fields.optionalBytes(1)).toBeUndefined()
    expect(fields.optionalBytes(2)).toHaveLength(0)
  })

  test('OMEMO F19: any bytes are read or malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
        try {
          readProtobuf(data, schema)
        } catch (error) {
          expect(error).toEqual(malformed)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

test('what is written is read', () => {
  const uint32 = fc.nat(0xffffffff)
  fc.assert(
    fc.property(uint32, fc.uint8Array({ maxLength: 300 }), uint32, fc.option(fc.nat(255)), (a, b, c, prefix) => {
      const writer = new ProtobufWriter(b.length, prefix ?? undefined)
      const data = writer.uint32(1, a).bytes(2, b).uint32(3, c).finish()
      if (prefix !== null) expect(data[0]).toBe(prefix)
      const fields = readProtobuf(prefix === null ? data : data.subarray(1), schema)
      expect([fields.uint32(1), hex(fields.bytes(2)), fields.uint32(3)]).toEqual([a, hex(b), c])
    }),
  )
})
