import { sha256 } from '@noble/hashes/sha2.js'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nobleBackend } from '../crypto/backend-noble.js'
import { platformBackend } from '../crypto/backend-node.js'
import { concatBytes, utf8Bytes } from '../crypto/bytes.js'
import { costs, type DeriveKeys, mostBytes, openBackup, scrypt, sealBackup } from './backup-file.js'

/** As scrypt, for those who cannot wait: other input, other bytes. */
const quick: DeriveKeys = async (passphrase, salt, cost, length) => {
  const first = sha256(concatBytes(passphrase, salt, Uint8Array.of(cost)))
  return concatBytes(first, sha256(first), sha256(sha256(first))).subarray(0, length)
}
const lock = { backend: nobleBackend, derive: quick, passphrase: 'open sesame' }
const content = utf8Bytes('who we are')
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'opened',
    ({ name, code }) => (name === 'OmemoError' ? code : name),
  )

describe('OMEMO F4 the file of a backup', () => {
  test('opens with its passphrase, on either backend, and with no other', async () => {
    const bytes = fc.uint8Array({ maxLength: 5000 })
    const passphrase = fc.string({ minLength: 1, unit: 'grapheme' })
    await fc.assert(
      fc.asyncProperty(bytes, passphrase, passphrase, fc.boolean(), async (plain, right, wrong, isNoble) => {
        const [one, other] = isNoble ? [nobleBackend, platformBackend] : [platformBackend, nobleBackend]
        const file = await sealBackup({ ...lock, backend: one, passphrase: right }, plain)
        expect(await openBackup({ ...lock, backend: other, passphrase: right }, file)).toEqual(plain)
        if (right.normalize('NFKC') === wrong.normalize('NFKC')) return
        expect(await codeOf(openBackup({ ...lock, passphrase: wrong }, file))).toBe('wrong-passphrase')
      }),
    )
  })

  test('with the keys of real scrypt, and a passphrase in whatever form of Unicode', async () => {
    const real = { ...lock, derive: scrypt, passphrase: 'cafe\u0301' }
    const file = await sealBackup(real, content, costs.least)
    expect(await openBackup({ ...real, passphrase: 'caf\u00e9' }, file)).toEqual(content)
    // RFC 7914 §12, the third vector but for N, which is the least we take there.
    const known = await scrypt(utf8Bytes('pleaseletmein'), utf8Bytes('SodiumChloride'), 14, 64)
    expect(Buffer.from(known).toString('hex')).toMatch(/^7023bdcb3afd7348461c06cd81fd38eb/)
  }, 60_000)

  test('any damage is found before the passphrase is asked anything', async () => {
    let asked = 0
    const counting: DeriveKeys = (...given) => {
      asked++
      return quick(...given)
    }
    const file = await sealBackup(lock, content)
    const places = fc.record({ at: fc.nat(file.length - 1), bit: fc.nat(7) })
    await fc.assert(
      fc.asyncProperty(places, async ({ at, bit }) => {
        const damaged = file.slice()
        damaged[at] = (damaged[at] as number) ^ (1 << bit)
        const code = await codeOf(openBackup({ ...lock, derive: counting }, damaged))
        expect(code).toBe(at === 8 && (damaged[8] as number) > 1 ? 'newer-backup' : 'bad-backup')
      }),
      { numRuns: 1000 },
    )
    for (let length = 0; length < file.length; length++) {
      expect(await codeOf(openBackup({ ...lock, derive: counting }, file.subarray(0, length)))).toBe('bad-backup')
    }
    expect(asked).toBe(0)
  })

  test('whoever mends the checksum has won nothing: a changed header is another key, a changed content is refused', async () => {
    const file = await sealBackup(lock, content)
    const mended = (at: number): Uint8Array => {
      const body = file.slice(0, -8)
      body[at] = (body[at] as number) ^ 1
      return concatBytes(body, sha256(body).subarray(0, 8))
    }
    const codes = new Map<number, unknown>()
    for (let at = 0; at < file.length - 8; at++) codes.set(at, await codeOf(openBackup(lock, mended(at))))
    const at = (from: number, to: number) => [...codes].filter(([place]) => place >= from && place < to)
    expect(new Set(at(0, 9).map(([, code]) => code))).toEqual(new Set(['bad-backup']))
    // 17 ^ 1 is 16, which is allowed; salt and proof follow.
    expect(new Set(at(9, 58).map(([, code]) => code))).toEqual(new Set(['wrong-passphrase']))
    expect(new Set(at(58, file.length).map(([, code]) => code))).toEqual(new Set(['bad-backup']))
  })

  test('asks for no more memory than 256 MiB, and is no larger than what is read', async () => {
    const file = await sealBackup(lock, content)
    for (const cost of [0, 14, 19, 63, 255]) {
      const body = file.slice(0, -8)
      body[9] = cost
      const hungry = concatBytes(body, sha256(body).subarray(0, 8))
      expect(await codeOf(openBackup(lock, hungry))).toBe('bad-backup')
      expect(await codeOf(sealBackup(lock, content, cost))).toBe('RangeError')
    }
    expect(await codeOf(openBackup(lock, new Uint8Array(mostBytes + 1)))).toBe('bad-backup')
    expect(await codeOf(sealBackup(lock, new Uint8Array(mostBytes)))).toBe('backup-too-large')
  })

  test('what is no backup, and what a later release has written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await codeOf(openBackup(lock, bytes))).toBe('bad-backup')
      }),
    )
    const later = concatBytes(utf8Bytes('CPLTOMBK'), Uint8Array.of(2), new Uint8Array(200))
    expect(await codeOf(openBackup(lock, later))).toBe('newer-backup')
  })
})
