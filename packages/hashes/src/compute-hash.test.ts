import { base64 } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { computeHash, verifyHash } from './compute-hash.js'
import { Hash } from './elements.js'
import { type HashAlgorithm, hashAlgorithms, hashFeatures, isHashAlgorithm, strongestHash } from './hash-algorithm.js'

const abc = new TextEncoder().encode('abc')
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
/** FIPS 180-4, the published values for "abc". */
const published: Record<HashAlgorithm, string> = {
  'sha-256': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  'sha-384': 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  'sha-512':
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
}
/** SHA-1 and MD5 of "abc" (RFC 3174, RFC 1321): right, and still no proof. */
const sha1: Hash = { algo: 'sha-1', value: base64.decode('qZk+NkcGgWq6PiVxeFDCbJzQ2J0=') as Uint8Array }
const md5: Hash = { algo: 'md5', value: base64.decode('kAFQmDzST7DWlj99KOF/cg==') as Uint8Array }

describe('computeHash', () => {
  test.each(hashAlgorithms)('%s of "abc"', async (algorithm) => {
    const hash = await computeHash(algorithm, abc)
    expect(hash.algo).toBe(algorithm)
    expect(hex(hash.value)).toBe(published[algorithm])
  })

  test('what is computed can be sent', async () => {
    const element = Hash(await computeHash('sha-256', abc))
    expect(element.attr('algo')).toBe('sha-256')
    expect(element.text).toBe('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=')
  })

  test('a part of a buffer, or a whole one', async () => {
    const larger = new TextEncoder().encode('xabcx')
    expect(hex((await computeHash('sha-256', larger.subarray(1, 4))).value)).toBe(published['sha-256'])
    expect(hex((await computeHash('sha-256', abc.buffer as ArrayBuffer)).value)).toBe(published['sha-256'])
  })

  test.each(['sha-1', 'SHA-1', 'md5', 'sha3-256', 'SHA-256', '__proto__', ''])('%s is refused', async (name) => {
    await expect(computeHash(name as HashAlgorithm, abc)).rejects.toThrow(RangeError)
  })
})

describe('verifyHash', () => {
  test.each(hashAlgorithms)('%s matches its data and no other', async (algorithm) => {
    const hash = await computeHash(algorithm, abc)
    expect(await verifyHash(hash, abc)).toBe(true)
    expect(await verifyHash(hash, new TextEncoder().encode('abd'))).toBe(false)
    expect(await verifyHash({ ...hash, value: hash.value.subarray(1) }, abc)).toBe(false)
    expect(await verifyHash({ ...hash, value: new Uint8Array() }, abc)).toBe(false)
  })

  test('a value is not taken for one of another function', async () => {
    const { value } = await computeHash('sha-256', abc)
    expect(await verifyHash({ algo: 'sha-512', value }, abc)).toBe(false)
  })

  test('weak, unknown or no hashes prove nothing', async () => {
    for (const hashes of [
      sha1,
      md5,
      { algo: 'sha3-256', value: abc },
      { algo: 'SHA-256', value: abc },
      [],
      [sha1, md5],
    ]) {
      expect(await verifyHash(hashes, abc)).toBe(false)
    }
  })

  test('of several the strongest decides, and unknown ones do not stand in its way', async () => {
    const [strong, weaker] = [await computeHash('sha-512', abc), await computeHash('sha-256', abc)]
    const wrong = { algo: 'sha-512', value: weaker.value }
    expect(await verifyHash([sha1, { algo: 'blake2b-512', value: abc }, weaker, strong], abc)).toBe(true)
    expect(await verifyHash([weaker, wrong], abc)).toBe(false)
    expect(await verifyHash([strong, { ...weaker, value: abc }], abc)).toBe(true)
  })

  test('two values of one function contradict each other (XEP-0300 §3)', async () => {
    const right = await computeHash('sha-256', abc)
    const wrong = await computeHash('sha-256', new Uint8Array())
    expect(await verifyHash([right, wrong], abc)).toBe(false)
    expect(await verifyHash([wrong, right], abc)).toBe(false)
    expect(await verifyHash([right, right], abc)).toBe(true)
  })
})

test('strongestHash', () => {
  expect(strongestHash(['sha-1', 'sha-256', 'sha3-512', 'sha-512', 'sha-384'])).toBe('sha-512')
  expect(strongestHash(['sha-1', 'sha-256'])).toBe('sha-256')
  expect(strongestHash(['md5', 'sha-1', 'constructor'])).toBeUndefined()
  expect(['sha-256', 'sha-1', 'md5', 'toString'].map(isHashAlgorithm)).toEqual([true, false, false, false])
})

test('hashFeatures', () => {
  expect(hashFeatures()).toEqual([
    'urn:xmpp:hashes:2',
    'urn:xmpp:hash-function-text-names:sha-512',
    'urn:xmpp:hash-function-text-names:sha-384',
    'urn:xmpp:hash-function-text-names:sha-256',
  ])
})
