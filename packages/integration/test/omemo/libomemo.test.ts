import { type SeededRandom, seededRandom } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { nobleBackend } from '../../../omemo/src/crypto/backend-noble.js'
import { platformBackend } from '../../../omemo/src/crypto/backend-node.js'
import type { BundleValue } from '../../../omemo/src/wire/version.js'
import { versions } from './elements.js'
import { refusals, startLibomemo, whyNoLibomemo } from './libomemo-driver.js'
import { failure, type Pair, pair, refusal, withOtherBit } from './libomemo-pair.js'
import type { Share } from './ratchet-device.js'
import { Road } from './road.js'

const withoutSignature = (bundle: BundleValue): BundleValue => {
  return { ...bundle, signature: withOtherBit(bundle.signature, 40) }
}

/**
 * Both begin a session, three times, and send and receive in between as a seed decides: messages of older sessions are
 * always on their way. Returns how many there were; all of them were read.
 */
const muddle = async (both: Pair, { below, pick }: SeededRandom): Promise<number> => {
  const { ours, theirs, encrypt, decrypt, theirEncrypt, theirDecrypt } = both
  const [ourBundle, theirBundle] = [ours.bundle, await theirs.bundle()]
  const there: { readonly text: string; readonly message: Share }[] = []
  const back: typeof there = []
  const next = (road: typeof there) => road.splice(below(Math.min(4, road.length)), 1)
  let count = 0
  const acts = {
    async send(text = `there ${count++}`) {
      there.push({ text, message: encrypt(text) })
    },
    async theirSend(text = `back ${count++}`) {
      back.push({ text, message: await theirEncrypt(text) })
    },
    async read() {
      for (const { text, message } of next(back)) expect(decrypt(message).text).toBe(text)
    },
    async theirRead() {
      for (const { text, message } of next(there)) expect(await theirDecrypt(message)).toBe(text)
    },
  }
  for (const preKeyId of [1, 2, 3]) {
    ours.begin(theirBundle, preKeyId)
    await theirs.begin(ours, ourBundle, preKeyId)
    // More is sent than read, so that what is on its way grows old.
    const names = ['send', 'send', 'theirSend', 'theirSend', 'read', 'theirRead'] as const
    for (let step = 0; step < 80; step++) await acts[pick(names)]()
  }
  while (there.length > 0) await acts.theirRead()
  while (back.length > 0) await acts.read()
  return count
}

describe.skipIf(whyNoLibomemo)(`our cryptography and libomemo-c${whyNoLibomemo}`, () => {
  const start = startLibomemo()
  const backends = [nobleBackend, platformBackend]
  const each = Object.entries(versions).map(([name, version]) => ({ name, version }))
  const withBackends = each.flatMap((one) => backends.map((backend) => ({ ...one, backend })))
  const withSignBits = withBackends.flatMap((one) => ([0, 1] as const).map((signBit) => ({ ...one, signBit })))

  describe.each(withSignBits)(
    'OMEMO A5 $name, sign bit $signBit of our identity, $backend.name',
    ({ version, signBit, backend }) => {
      test('OMEMO A2 a session that we begin', async () => {
        const { begin, encrypt, decrypt, theirEncrypt, theirDecrypt } = pair(start, version, { signBit, backend })
        await begin()
        const [one, two] = [encrypt('one'), encrypt('two')]
        expect([one.isKeyExchange, two.isKeyExchange]).toEqual([true, true])
        expect(await theirDecrypt(one)).toBe('one')
        expect(await theirDecrypt(two)).toBe('two')
        const three = await theirEncrypt('three')
        expect(decrypt(three)).toMatchObject({ text: 'three', wasKeyExchange: false })
        const four = encrypt('four')
        expect(four.isKeyExchange).toBe(false)
        expect(await theirDecrypt(four)).toBe('four')
      })

      test('OMEMO A2 a session that they begin', async () => {
        const { theirBegin, encrypt, decrypt, theirEncrypt, theirDecrypt } = pair(start, version, { signBit, backend })
        await theirBegin()
        expect(decrypt(await theirEncrypt('one'))).toMatchObject({ text: 'one', wasKeyExchange: true })
        expect(decrypt(await theirEncrypt('two'))).toMatchObject({ text: 'two', wasKeyExchange: true })
        const three = encrypt('three')
        expect(three.isKeyExchange).toBe(false)
        expect(await theirDecrypt(three)).toBe('three')
        expect(decrypt(await theirEncrypt('four'))).toMatchObject({ text: 'four', wasKeyExchange: false })
      })

      test('OMEMO S10 neither begins a session when the signature of the prekey is wrong', async () => {
        const { ours, theirs } = pair(start, version, { signBit, backend })
        const bundle = await theirs.bundle()
        expect(() => ours.begin(withoutSignature(bundle))).toThrow(failure('bad-bundle'))
        await expect(theirs.begin(ours, withoutSignature(ours.bundle))).rejects.toEqual(refusal(refusals.badKey))
      })
    },
  )

  describe.each(withBackends)('$name, $backend.name', ({ version, backend }) => {
    test.each([1, 2])('OMEMO A2 200 messages in random order, both ways, each read once (seed %i)', async (seed) => {
      const random = seededRandom(seed)
      const { begin, theirBegin, encrypt, decrypt, theirEncrypt, theirDecrypt } = pair(start, version, { backend })
      if (seed === 1) await begin().then(() => theirDecrypt(encrypt('hello')))
      else await theirBegin().then(async () => decrypt(await theirEncrypt('hello')))
      const [there, back] = [new Road<Share>(random), new Road<Share>(random)]
      const read: string[] = []
      for (let round = 1; round <= 10; round++) {
        for (let n = 0; n < 10; n++) {
          there.add(`there ${round} ${n}`, encrypt(`there ${round} ${n}`))
          back.add(`back ${round} ${n}`, await theirEncrypt(`back ${round} ${n}`))
        }
        for (const { text, message } of there.take(round === 10)) {
          expect(await theirDecrypt(message)).toBe(text)
          await expect(theirDecrypt(message)).rejects.toEqual(refusal(refusals.duplicate))
          read.push(text)
        }
        for (const { text, message } of back.take(round === 10)) {
          expect(decrypt(message).text).toBe(text)
          expect(() => decrypt(message)).toThrow(failure('replayed'))
          read.push(text)
        }
      }
      expect(new Set(read).size).toBe(200)
    })

    test.each([1, 2, 3])('OMEMO F3 both begin again and again, with messages on their way (seed %i)', async (seed) => {
      expect(await muddle(pair(start, version, { backend }), seededRandom(seed))).toBeGreaterThan(100)
    })

    test('OMEMO F3 OMEMO B6 both begin at the same time', async () => {
      const both = pair(start, version, { backend })
      const { ours, theirs, encrypt, decrypt, theirEncrypt, theirDecrypt } = both
      const [ourBundle, theirBundle] = [ours.bundle, await theirs.bundle()]
      ours.begin(theirBundle)
      await theirs.begin(ours, ourBundle)
      const cross = async (many: number, round: number): Promise<void> => {
        const there: Share[] = []
        const back: Share[] = []
        for (let n = 0; n < many; n++) there.push(encrypt(`there ${round} ${n}`))
        for (let n = 0; n < many; n++) back.push(await theirEncrypt(`back ${round} ${n}`))
        for (let n = many - 1; n >= 0; n--) {
          expect(await theirDecrypt(there[n] as Share)).toBe(`there ${round} ${n}`)
          expect(decrypt(back[n] as Share).text).toBe(`back ${round} ${n}`)
        }
      }
      await cross(3, 0)
      for (let round = 1; round <= 20; round++) await cross(1, round)
      // As soon as one of them is first, both go on with the same session.
      expect(await theirDecrypt(encrypt('first'))).toBe('first')
      const { session } = decrypt(await theirEncrypt('answer'))
      for (let n = 0; n < 20; n++) {
        const message = encrypt(`there ${n}`)
        expect(message).toMatchObject({ session, isKeyExchange: false })
        expect(await theirDecrypt(message)).toBe(`there ${n}`)
        expect(decrypt(await theirEncrypt(`back ${n}`))).toMatchObject({ session, text: `back ${n}` })
      }
    })
  })
})
