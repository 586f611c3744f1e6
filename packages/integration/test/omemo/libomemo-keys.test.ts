import { seededRandom } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { versions } from './elements.js'
import { refusals, startLibomemo, whyNoLibomemo } from './libomemo-driver.js'
import { damaged, failure, pair, refusal, settle } from './libomemo-pair.js'
import type { Share } from './ratchet-device.js'
import { shuffled } from './road.js'

describe.skipIf(whyNoLibomemo)(`keys of messages and of bundles, ours and those of libomemo-c${whyNoLibomemo}`, () => {
  const start = startLibomemo()
  const random = seededRandom(7)

  describe.each(Object.entries(versions))('%s', (_, version) => {
    test('OMEMO A4 the last message of a chain whose length they announce too low', async () => {
      const both = pair(start, version)
      const { ours, encrypt, decrypt, theirEncrypt, theirDecrypt } = both
      await settle(both)
      for (let turn = 0; turn < 4; turn++) {
        await theirDecrypt(encrypt(`turn ${turn}`))
        const [first, second, last] = [await theirEncrypt('1'), await theirEncrypt('2'), await theirEncrypt('3')]
        expect(decrypt(first).text).toBe('1')
        await theirDecrypt(encrypt(`again ${turn}`))
        const next = await theirEncrypt('next chain')
        expect(ours.announcedLength(next.bytes)).toBe(2)
        expect(decrypt(next).text).toBe('next chain')
        expect(decrypt(last).text).toBe('3')
        expect(decrypt(second).text).toBe('2')
        expect(() => decrypt(last)).toThrow(failure('replayed'))
      }
    })

    test('OMEMO A2 OMEMO S13 of 1,000 messages in one chain we read the last one first, and not those beyond', async () => {
      const both = pair(start, version)
      const { encrypt, decrypt, theirEncrypt, theirDecrypt } = both
      await settle(both)
      await theirDecrypt(encrypt('turn'))
      const chain: Share[] = []
      for (let n = 0; n <= 1001; n++) chain.push(await theirEncrypt(`${n}`))
      const [last, beyond] = chain.splice(1000)
      expect(() => decrypt(beyond as Share)).toThrow(failure('too-many-skipped'))
      expect(decrypt(last as Share).text).toBe('1000')
      const texts = shuffled(random, chain).map((message) => decrypt(message).text)
      expect(new Set(texts).size).toBe(1000)
      expect(decrypt(beyond as Share).text).toBe('1001')
      for (const message of chain) expect(() => decrypt(message)).toThrow(failure('replayed'))
    })

    test('OMEMO A2 of 1,000 messages in one chain they read the last one first', async () => {
      const both = pair(start, version)
      const { encrypt, theirDecrypt } = both
      await settle(both)
      const chain = Array.from({ length: 1000 }, (_each, n) => ({ text: `${n}`, message: encrypt(`${n}`) }))
      const order = [...chain.splice(999), ...shuffled(random, chain)]
      for (const { text, message } of order) expect(await theirDecrypt(message)).toBe(text)
    })

    test('OMEMO A2 a signed prekey of theirs begins sessions until the second one after it', async () => {
      const { ours, theirs, begin, encrypt, decrypt, theirEncrypt, theirDecrypt } = pair(start, version)
      const old = await theirs.bundle()
      await theirs.rotate()
      ours.begin(old, 1)
      expect(await theirDecrypt(encrypt('with the one before'))).toBe('with the one before')
      await begin(2)
      expect(await theirDecrypt(encrypt('with the new one'))).toBe('with the new one')
      const known = await theirEncrypt('known')
      await theirs.rotate()
      ours.begin(old, 3)
      await expect(theirDecrypt(encrypt('too late'))).rejects.toEqual(refusal(refusals.noKey))
      expect(decrypt(known).text).toBe('known')
      expect(await theirDecrypt(encrypt('as before'))).toBe('as before')
    })

    test('OMEMO A2 a signed prekey of ours begins sessions until the second one after it', async () => {
      const { ours, theirs, theirBegin, encrypt, decrypt, theirEncrypt, theirDecrypt } = pair(start, version)
      const old = ours.bundle
      ours.rotate()
      await theirs.begin(ours, old, 1)
      expect(decrypt(await theirEncrypt('with the one before')).text).toBe('with the one before')
      await theirBegin(2)
      expect(decrypt(await theirEncrypt('with the new one')).text).toBe('with the new one')
      const known = encrypt('known')
      ours.rotate()
      await theirs.begin(ours, old, 3)
      const late = await theirEncrypt('too late')
      expect(() => decrypt(late)).toThrow(failure('no-prekey'))
      expect(await theirDecrypt(known)).toBe('known')
      expect(decrypt(await theirEncrypt('as before')).text).toBe('as before')
    })

    test('OMEMO A2 prekeys of theirs begin one session each, until there are none', async () => {
      const { ours, theirs, encrypt, theirDecrypt } = pair(start, version)
      const { preKeys, ...rest } = await theirs.bundle()
      for (const { id } of preKeys.keys) {
        ours.begin({ ...rest, preKeys }, id)
        expect(await theirDecrypt(encrypt(`with ${id}`))).toBe(`with ${id}`)
        expect((await theirs.bundle()).preKeys.keys.map((key) => key.id)).not.toContain(id)
        ours.begin({ ...rest, preKeys }, id)
        await expect(theirDecrypt(encrypt('again'))).rejects.toEqual(refusal(refusals.noKey))
      }
      const empty = await theirs.bundle()
      expect(() => ours.begin(empty)).toThrow(failure('bad-bundle'))
    })

    test('OMEMO A2 OMEMO F2 prekeys of ours begin one session each, and more while we are catching up', async () => {
      const { ours, theirs, decrypt, theirEncrypt } = pair(start, version)
      const bundle = ours.bundle
      for (const { id } of bundle.preKeys.keys) {
        for (const text of ['once', 'twice']) {
          await theirs.begin(ours, bundle, id)
          expect(decrypt(await theirEncrypt(text)).text).toBe(text)
          expect(ours.bundle.preKeys.keys.map((key) => key.id)).not.toContain(id)
        }
        ours.endCatchUp()
        await theirs.begin(ours, bundle, id)
        const late = await theirEncrypt('late')
        expect(() => decrypt(late)).toThrow(failure('no-prekey'))
      }
      expect(ours.bundle.preKeys.keys).toEqual([])
    })

    test('OMEMO F5 what was changed on the way both refuse, in any byte of it, and then read the real one', async () => {
      const both = pair(start, version)
      const { encrypt, decrypt, theirEncrypt, theirDecrypt } = both
      await settle(both)
      const [sent, received] = [encrypt('one'), await theirEncrypt('two')]
      for (let at = 0; at < sent.bytes.length; at++) {
        await expect(theirDecrypt(damaged(sent, at, random.below(8)))).rejects.toThrow('libomemo-c: ')
      }
      for (let at = 0; at < received.bytes.length; at++) {
        expect(() => decrypt(damaged(received, at, random.below(8)))).toThrow(
          expect.objectContaining({ name: 'OmemoError' }),
        )
      }
      expect(await theirDecrypt(sent)).toBe('one')
      expect(decrypt(received).text).toBe('two')
      await expect(theirDecrypt(sent)).rejects.toEqual(refusal(refusals.duplicate))
      expect(() => decrypt(received)).toThrow(failure('replayed'))
    })

    // What is damaged is the MAC in 0.3, which has ids behind it, and the ciphertext in omemo:2.
    test('OMEMO F5 OMEMO S12 key exchanges that were damaged or come again begin nothing', async () => {
      const { ours, begin, theirBegin, encrypt, decrypt, theirEncrypt, theirDecrypt } = pair(start, version)
      await begin()
      const sent = encrypt('one')
      await expect(theirDecrypt(damaged(sent, sent.bytes.length - 10))).rejects.toEqual(refusal(refusals.badMessage))
      expect(await theirDecrypt(sent)).toBe('one')
      await expect(theirDecrypt(sent)).rejects.toEqual(refusal(refusals.duplicate))
      await theirBegin()
      const received = await theirEncrypt('two')
      expect(() => decrypt(damaged(received, received.bytes.length - 10))).toThrow(failure('bad-mac'))
      expect(ours.bundle.preKeys.keys).toHaveLength(5)
      expect(decrypt(received)).toMatchObject({ text: 'two', wasKeyExchange: true })
      expect(() => decrypt(received)).toThrow(failure('replayed'))
      expect(await theirDecrypt(encrypt('three'))).toBe('three')
    })

    test('OMEMO F4 they have lost the session: they begin another one, and what came late is still read', async () => {
      const both = pair(start, version)
      const { ours, theirs, theirBegin, encrypt, decrypt, theirEncrypt, theirDecrypt } = both
      await settle(both)
      const late = await theirEncrypt('late')
      await theirs.forget(ours)
      await expect(theirDecrypt(encrypt('lost'))).rejects.toEqual(refusal(refusals.noSession))
      await expect(theirEncrypt('without a session')).rejects.toEqual(refusal(refusals.noSession))
      await theirBegin()
      expect(decrypt(await theirEncrypt('new'))).toMatchObject({ text: 'new', wasKeyExchange: true })
      expect(decrypt(late).text).toBe('late')
      expect(decrypt(await theirEncrypt('newer')).text).toBe('newer')
      expect(await theirDecrypt(encrypt('back'))).toBe('back')
    })

    // 16 and 32 bytes are the key of an empty message in 0.3, 32 that of one in omemo:2, 48 the key of a payload there.
    test('OMEMO A2 contents of any length: nothing, empty messages, keys of payloads, and more', async () => {
      const both = pair(start, version)
      const { ours, theirs } = both
      await settle(both)
      for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 1535, 1536, 60_000]) {
        const content = new Uint8Array(length).map(() => random.below(256))
        expect(ours.decrypt((await theirs.encrypt(ours, content)).bytes).plaintext).toEqual(content)
        expect(await theirs.decrypt(ours, ours.encrypt(content))).toEqual(content)
      }
    })
  })
})
