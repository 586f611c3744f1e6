import { describe, expect, test } from 'vitest'
import { readImageHeader } from './image-header.js'

const latin = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const hex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'))

const images = {
  png: hex('89504e470d0a1a0a 0000000d 49484452 00000140 000000f0 0806000000'),
  gif87: latin('GIF87a\x40\x01\xf0\x00\x00'),
  gif89: latin('GIF89a\x40\x01\xf0\x00\x00'),
  'webp, with loss': hex('52494646 00000000 57454250 56503820 00000000 000000 9d012a 4041 f080 00'),
  'webp, without loss': hex('52494646 00000000 57454250 5650384c 00000000 2f 3fc13b00'),
  'webp, extended': hex('52494646 00000000 57454250 56503858 0a000000 00 000000 3f0100 ef0000'),
  jpeg: hex('ffd8 ffe0 0010 4a46494600010100000100010000 ffdb 0004 0000 ffc0 0011 08 00f0 0140 03 000000'),
  'jpeg, filled': hex('ffd8 ffff ffff e1 0004 0000 ffff c2 0011 08 00f0 0140 03'),
} as const

describe('readImageHeader', () => {
  test.each(Object.entries(images))('%s', (name, bytes) => {
    const type = `image/${name.match(/^[a-z]+/)?.[0]}`
    expect(readImageHeader(bytes)).toEqual({ type, width: 320, height: 240 })
    // Also in the middle of something.
    const within = new Uint8Array([...latin('xxx'), ...bytes, 0, 0])
    expect(readImageHeader(within.subarray(3, 3 + bytes.length))?.width).toBe(320)
  })

  test.each(Object.entries(images))('S-183 %s that ends too early is none', (_name, bytes) => {
    const shortest = Array.from(bytes.keys()).find((length) => readImageHeader(bytes.subarray(0, length)) !== undefined)
    expect(shortest ?? bytes.length).toBeGreaterThan(9)
    for (let length = 0; length < (shortest ?? bytes.length); length++) {
      expect(readImageHeader(bytes.subarray(0, length))).toBeUndefined()
    }
  })

  const svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
  test.each([
    ['nothing', ''],
    ['SVG', svg],
    ['SVG with a declaration', `<?xml version='1.0'?>${svg}`],
    ['HTML', '<!DOCTYPE html><script>alert(1)</script>'],
    ['a bitmap', 'BM\x00\x00\x00\x00'],
    ['AVIF', '\x00\x00\x00\x1cftypavif\x00\x00\x00\x00'],
    ['sound in the same container as WebP', 'RIFF\x00\x00\x00\x00WAVEfmt '],
    ['WebP of no known kind', 'RIFF\x00\x00\x00\x00WEBPVP8?\x00\x00\x00\x00'.padEnd(40, '\x00')],
    ['WebP without a frame', 'RIFF\x00\x00\x00\x00WEBPVP8 \x00\x00\x00\x00'.padEnd(40, '\x00')],
    ['PNG that begins with something else', '\x89PNG\r\n\x1a\n\0\0\0\rIDAT'.padEnd(40, '\x01')],
    ['PNG without width', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\x01'],
    ['GIF without height', 'GIF89a\x01\x00\x00\x00'],
    ['JPEG whose image begins without a frame', '\xff\xd8\xff\xda\x00\x02'.padEnd(40, '\xff')],
    ['JPEG of nothing but filling', '\xff\xd8'.padEnd(98_304, '\xff')],
    ['JPEG of segments without length', '\xff\xd8'.padEnd(98_304, '\xff\xe0\x00\x00')],
    ['JPEG with something between segments', '\xff\xd8\xff\xe0\x00\x02x'.padEnd(40, '\xff')],
  ])('S-183 %s is none', (_what, text) => {
    expect(readImageHeader(latin(text))).toBeUndefined()
  })

  test('S-183 an image says itself how large it is', () => {
    const bomb = hex('89504e470d0a1a0a 0000000d 49484452 00004e20 00004e20 0806000000')
    expect(readImageHeader(bomb)).toEqual({ type: 'image/png', width: 20_000, height: 20_000 })
  })
})
