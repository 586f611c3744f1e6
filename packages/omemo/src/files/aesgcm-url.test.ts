import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { hexOf } from '../../test/file-bytes.js'
import { OmemoError } from '../omemo-error.js'
import { formatAesgcmUrl, httpsUrl, parseAesgcmMessage } from './aesgcm-url.js'
import { SecretBytes } from './secret-bytes.js'

/** XEP-0454 §3, the example. */
const address = 'https://download.montague.tld/4a771ac1-f0b2-4a4a-9700-f2a26fa2bb67/tr%C3%A8s%20cool.jpg'
const iv = '8c3d050e9386ec173861778f'
const key = '68e9af38a97aaf82faa4063b4d0878a61261534410c8a84331eaac851759f587'
const url = `aesgcm://download.montague.tld/4a771ac1-f0b2-4a4a-9700-f2a26fa2bb67/tr%C3%A8s%20cool.jpg#${iv}${key}`
const thumbnail = 'data:image/jpeg,/9j/4AAQSkZJRgABAQEBLAEsAAD'

describe('XEP-0454', () => {
  test('§3, the example, both ways', () => {
    const { file, thumbnail: none } = parseAesgcmMessage(url) ?? {}
    if (file === undefined) throw new TypeError('no URL')
    expect(file.url).toBe(address)
    expect([hexOf(file.secret.iv), hexOf(file.secret.key), file.secret.cipher]).toEqual([iv, key, 'aes-256-gcm'])
    expect([file.secret.plaintext, none]).toEqual([undefined, undefined])
    expect(formatAesgcmUrl(file)).toBe(url)
  })

  test('§4, with a thumbnail', () => {
    const read = parseAesgcmMessage(`${url}\n${thumbnail}`)
    expect(read?.thumbnail).toBe(thumbnail)
    expect(read && formatAesgcmUrl(read.file, thumbnail)).toBe(`${url}\n${thumbnail}`)
    expect(() => read && formatAesgcmUrl(read.file, 'data:text/html,x')).toThrow(TypeError)
  })

  test('OMEMO F20 vectors of 16 bytes, and upper case', () => {
    const old = parseAesgcmMessage(`AESGCM://a.example/x#${iv}00000000${key}`.toUpperCase())
    expect(old?.file.url).toBe('https://a.example/X')
    expect(hexOf(old?.file.secret.iv as Uint8Array)).toBe(`${iv}00000000`)
    expect(hexOf(old?.file.secret.key as Uint8Array)).toBe(key)
  })

  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['a link', url.replace('aesgcm', 'https')],
    ['another scheme', url.replace('aesgcm', 'aesgcmx')],
    ['text before', `look: ${url}`],
    ['text behind', `${url} look`],
    ['a line before', `\n${url}`],
    ['an empty line behind', `${url}\n`],
    ['text in the next line', `${url}\nlook`],
    ['a carriage return', `${url}\r\n${thumbnail}`],
    ['two thumbnails', `${url}\n${thumbnail}\n${thumbnail}`],
    ['a thumbnail of another type', `${url}\ndata:image/svg+xml,<svg/>`],
    ['a thumbnail before', `${thumbnail}\n${url}`],
    ['a thumbnail that is too large', `${url}\n${thumbnail}${'A'.repeat(70_000)}`],
    ['no key', url.slice(0, url.indexOf('#'))],
    ['half a key', url.slice(0, -1)],
    ['a key of 128 bits', url.slice(0, -32)],
    ['more than a key', `${url}0`],
    ['digits that are none', `${url.slice(0, -1)}g`],
    ['no host', `aesgcm://#${iv}${key}`],
    ['three slashes', `aesgcm:///a.example/x#${iv}${key}`],
    ['one slash', `aesgcm:/a.example/x#${iv}${key}`],
    ['a user', `aesgcm://me@a.example/x#${iv}${key}`],
    ['a password', `aesgcm://me:secret@a.example/x#${iv}${key}`],
    ['a backslash', `aesgcm://a.example\\@b.example/x#${iv}${key}`],
    ['a port that is none', `aesgcm://a.example:99999/x#${iv}${key}`],
    ['two fragments', `aesgcm://a.example/x#y#${iv}${key}`],
    ['a control character', `aesgcm://a.example/\u0001#${iv}${key}`],
    ['too long', `aesgcm://a.example/${'x'.repeat(9000)}#${iv}${key}`],
  ])('§5, no file: %s', (_, body) => expect(parseAesgcmMessage(body)).toBeUndefined())

  test('§3: only https is written', () => {
    const secret = { cipher: 'aes-256-gcm', key: new SecretBytes(32), iv: new Uint8Array(12) } as const
    for (const bad of [
      'http://a.example/x',
      'ftp://a.example/x',
      'a.example/x',
      'https://me@a.example/',
      'https://a.example/#x',
      'https://a.example/#',
    ]) {
      expect(() => formatAesgcmUrl({ url: bad, secret })).toThrow(OmemoError)
      expect(() => httpsUrl(bad)).toThrow(expect.objectContaining({ code: 'bad-file-url' }))
    }
    expect(() => formatAesgcmUrl({ url: address, secret: { ...secret, cipher: 'aes-256-cbc' } })).toThrow(TypeError)
  })

  test('S-182 OMEMO S26 what was read can be logged without its key', () => {
    const read = parseAesgcmMessage(url)
    for (const text of [inspect(read, { depth: 9 }), JSON.stringify(read), String(read?.file.secret.key)]) {
      expect(text).not.toContain(key)
      expect(text).not.toContain('104, 233')
      expect(text).not.toContain('104,233')
      expect(text).not.toContain(Buffer.from(key, 'hex').toString('base64'))
    }
  })
})
