import { describe, expect, test } from 'vitest'
import { hashOf as hashOfImage, infoOf, png } from '../test/bench.js'
import { checkImage, chooseInfo, hashOf, offerOf } from './avatar-image.js'

const hash = hashOfImage(png(1))

describe('offerOf', () => {
  test('S-183 whatever was published, what is remembered is small', () => {
    const info = infoOf(png(1), { type: 'x'.repeat(10_000), width: 64 })
    const elsewhere = infoOf(png(1), { url: 'https://evil.net/x.png' })
    const nonsense = [infoOf(png(1), { id: 'x'.repeat(10_000) }), infoOf(png(1), { id: `${hash} ` })]
    const infos = [elsewhere, ...nonsense, ...Array<typeof info>(10_000).fill(info)]
    const offer = offerOf({ infos, pointers: [] })
    expect([offer.isNone, offer.infos.length, offer.infos[0]]).toEqual([
      false,
      10,
      { bytes: 40, height: undefined, id: hash, width: 64 },
    ])
  })

  test.each([
    [true, { infos: [], pointers: [] }],
    [false, { infos: [], pointers: [{}] }],
    [false, { infos: [infoOf(png(1), { url: 'https://example.org/x.png' })], pointers: [] }],
  ])('none is only what says so: %s', (isNone, published) => {
    expect(offerOf(published)).toEqual({ isNone, infos: [] })
  })
})

test('the first form that can be an avatar is chosen', () => {
  const [large, wide, good] = [
    { bytes: 98_305, id: 'a' },
    { bytes: 1, id: 'b', width: 4097 },
    { bytes: 1, id: 'c' },
  ]
  expect(chooseInfo({ isNone: false, infos: [large, wide, good] })).toBe(good)
  expect(chooseInfo({ isNone: true, infos: [] })).toBeUndefined()
  expect(() => chooseInfo({ isNone: false, infos: [large] })).toThrow(expect.objectContaining({ code: 'too-large' }))
  const both = { isNone: false, infos: [large, wide] }
  expect(() => chooseInfo(both)).toThrow(expect.objectContaining({ code: 'too-many-pixels' }))
})

test('hashes are in either case, and nothing else', () => {
  expect(hashOf(` ${hash.toUpperCase()}\n`)).toBe(hash)
  for (const text of ['', 'current', hash.slice(1), `${hash}0`, hash.replace(/.$/, 'g')]) {
    expect(hashOf(text)).toBeUndefined()
  }
})

test('what was checked does not change with what it was made of', () => {
  const bytes = Buffer.from(png(1))
  const image = checkImage(bytes)
  bytes.fill(0)
  expect(checkImage(image.bytes).hash).toBe(image.hash)
})
