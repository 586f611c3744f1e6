import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { signatureHash } from './signature-hash.js'

const folder = fileURLToPath(new URL('../../../test-vectors/certificates/', import.meta.url))
const read = (name: string): Buffer => readFileSync(`${folder}${name}.der`)
const names = readdirSync(folder).flatMap((file) => (file.endsWith('.der') ? [file.slice(0, -4)] : []))

describe('S-052 signatureHash', () => {
  test.each([
    ['rsa-md5', 'sha256'],
    ['rsa-sha1', 'sha256'],
    ['rsa-sha256', 'sha256'],
    ['rsa-sha384', 'sha384'],
    ['rsa-sha512', 'sha512'],
    ['rsa-pss-sha1', 'sha256'],
    ['rsa-pss-sha256', 'sha256'],
    ['rsa-pss-sha384', 'sha384'],
    ['rsa-pss-sha512', 'sha512'],
    ['ecdsa-sha1', 'sha256'],
    ['ecdsa-sha256', 'sha256'],
    ['ecdsa-sha384', 'sha384'],
    ['ecdsa-sha512', 'sha512'],
    ['ed25519', undefined],
    ['ed448', undefined],
  ])('%s: %s', (name, hash) => {
    expect(signatureHash(read(name))).toBe(hash)
  })

  test('there is an expectation for every vector', () => {
    expect(names).toHaveLength(15)
  })

  test('a certificate that is cut off anywhere has none, and nothing is thrown', () => {
    for (const name of names) {
      const whole = read(name)
      for (let length = 0; length < whole.length; length++) {
        expect(signatureHash(whole.subarray(0, length))).toBeUndefined()
      }
    }
  })

  test('garbage never throws', () => {
    const known = ['sha256', 'sha384', 'sha512', undefined]
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => known.includes(signatureHash(bytes))))
    const flipped = fc.tuple(fc.constantFrom(...names), fc.nat(700), fc.nat(255))
    fc.assert(
      fc.property(flipped, ([name, at, byte]) => {
        const bytes = Uint8Array.from(read(name))
        bytes[at % bytes.length] = byte
        return known.includes(signatureHash(bytes))
      }),
    )
  })
})
