import { createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hkdfSha256, hmacSha256 } from './hmac-sha256.js'

/** Bytes that differ from length to length. */
const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31 + length * 7) & 0xff)
const around = [0, 1, 31, 32, 33, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000]

describe('HMAC and HKDF with SHA-256 are those of the platform', () => {
  test.each(around)('HMAC with a key of %d bytes', (length) => {
    const key = bytes(length)
    for (const size of around) {
      const data = bytes(size)
      const expected = new Uint8Array(createHmac('sha256', key).update(data).digest())
      const half = size >> 1
      expect([hmacSha256(key, data), hmacSha256(key, data.subarray(0, half), data.subarray(half))]).toEqual([
        expected,
        expected,
      ])
    }
  })

  test('HMAC of a megabyte', () => {
    const [key, data] = [bytes(32), bytes(2 ** 20)]
    expect(hmacSha256(key, data)).toEqual(new Uint8Array(createHmac('sha256', key).update(data).digest()))
  })

  test.each(around)('HKDF of a secret of %d bytes', (length) => {
    const secret = bytes(length)
    for (const salt of [undefined, bytes(0), bytes(32), bytes(80)]) {
      for (const size of [1, 32, 33, 64, 80, 255]) {
        const expected = new Uint8Array(hkdfSync('sha256', secret, salt ?? new Uint8Array(32), bytes(12), size))
        expect(hkdfSha256(salt, secret, bytes(12), size)).toEqual(expected)
      }
    }
  })
})
