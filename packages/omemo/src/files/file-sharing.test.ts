import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { message, serialize } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { bytesOf, hexOf, someBytes } from '../../test/file-bytes.js'
import { decryptFile } from './decrypt-file.js'
import { FileSharing } from './elements.js'
import { encryptFile } from './encrypt-file.js'
import { safeFileName, sharedFiles, shareFile } from './file-sharing.js'

const plain = someBytes(1000)
const at = 'https://upload.example.org/4a77'
async function share(details = {}) {
  const file = encryptFile(plain)
  const upload = await file.blob()
  return { upload, sharing: shareFile(file, at, details) }
}

describe('XEP-0448', () => {
  test('there and back, through the wire', async () => {
    const date = new Date('2026-01-02T03:04:05Z')
    const details = {
      name: 'summit.jpg',
      mediaType: 'image/jpeg',
      date,
      width: 3,
      desc: { de: 'Gipfel' },
      disposition: 'inline',
    }
    const { upload, sharing } = await share(details)
    const read = message({}, FileSharing(sharing)).read(FileSharing)
    if (!read?.ok) throw new TypeError('not read')
    const { name, mediaType, size, desc } = read.value.file
    expect([name, mediaType, size, { ...desc }, read.value.disposition]).toEqual([
      'summit.jpg',
      'image/jpeg',
      1000,
      { de: 'Gipfel' },
      'inline',
    ])
    const [file, ...others] = sharedFiles(read.value)
    if (file === undefined) throw new TypeError('no file')
    expect([file.url, others]).toEqual([at, []])
    expect(hexOf(await bytesOf(await decryptFile(upload, file.secret)))).toBe(hexOf(plain))
  })

  test('§3.1: size and hash are of the file before it was encrypted, and sent always', async () => {
    const { sharing } = await share()
    const xml = serialize(FileSharing(sharing))
    expect(xml).toContain('<size>1000</size>')
    expect(xml).toContain(`algo='sha-256'>${createHash('sha256').update(plain).digest('base64')}</hash>`)
    expect(xml).toContain("<encrypted xmlns='urn:xmpp:esfs:0' cipher='urn:xmpp:ciphers:aes-256-gcm-nopadding:0'>")
  })

  test('only https, and only after the upload', async () => {
    const file = encryptFile(plain)
    expect(() => shareFile(file, at)).toThrow(TypeError)
    await file.blob()
    for (const url of ['http://a.example/x', 'https://a.example/#x']) {
      expect(() => shareFile(file, url)).toThrow(expect.objectContaining({ code: 'bad-file-url' }))
    }
  })

  test('OMEMO S23 the value of the element can be logged', async () => {
    const { sharing } = await share()
    const key = sharing.sources?.encrypted[0]?.key as Uint8Array
    for (const text of [inspect(sharing, { depth: 9 }), JSON.stringify(sharing), inspect(FileSharing(sharing))]) {
      expect(text).not.toContain([...key.subarray(0, 4)].join(', '))
      expect(text).not.toContain(Buffer.from(key).toString('base64'))
      expect(text).not.toContain('"key":{')
    }
  })
})

describe('what others share', () => {
  const code = (sharing: FileSharing): unknown => {
    try {
      return sharedFiles(sharing).map(({ url }) => url)
    } catch (error) {
      return (error as { readonly code?: string }).code
    }
  }
  /** The element with parts replaced. */
  async function changed(file: object, source: object = {}, urls: readonly string[] = [at]) {
    const { sharing } = await share()
    const [encrypted] = sharing.sources?.encrypted ?? []
    if (encrypted === undefined) throw new TypeError('no source')
    const sources = { encrypted: [], urls: urls.map((target) => ({ target })) }
    return {
      ...sharing,
      file: { ...sharing.file, ...file },
      sources: { encrypted: [{ ...encrypted, sources, ...source }], urls: [] },
    } as FileSharing
  }
  const hash = (algo: string, length: number, fill = 0) => ({ algo, value: new Uint8Array(length).fill(fill) })

  test.each([
    ['no size', { size: undefined }],
    ['no hash', { hashes: [] }],
    ['a hash that proves nothing', { hashes: [hash('sha-1', 20), hash('md5', 16)] }],
    ['a hash nobody knows', { hashes: [hash('sha3-256', 32)] }],
    ['a hash that is too short', { hashes: [hash('sha-256', 20)] }],
    ['two hashes that contradict each other', { hashes: [hash('sha-256', 32), hash('sha-256', 32, 1)] }],
  ])('S-185 %s: refused', async (_, file) => expect(code(await changed(file))).toBe('bad-file'))

  test('the strongest hash decides', async () => {
    const hashes = [hash('sha-256', 32), hash('sha-512', 64, 7), hash('sha-512', 64, 7), hash('sha3-256', 1)]
    const [file] = sharedFiles(await changed({ hashes }))
    expect(file?.secret.plaintext?.hash).toEqual(hash('sha-512', 64, 7))
  })

  test.each([
    ['another cipher', { cipher: 'urn:xmpp:ciphers:rot13:0' }],
    ['a key of another length', { key: new Uint8Array(16) }],
    ['a vector of another length', { iv: new Uint8Array(8) }],
    ['a vector for another mode', { cipher: 'urn:xmpp:ciphers:aes-256-cbc-pkcs7:0' }],
  ])('a source with %s is none', async (_, source) => expect(code(await changed({}, source))).toBe('bad-file'))

  test('S-185 addresses that are not https are passed over', async () => {
    const urls = [
      'http://a.example/x',
      'ftp://a.example',
      'javascript:alert(1)',
      'https://me@a.example/',
      `${at}?ok`,
      'x',
      at,
    ]
    expect(code(await changed({}, {}, urls))).toEqual([`${at}?ok`, at])
    expect(code(await changed({}, {}, urls.slice(0, 4)))).toBe('bad-file')
  })

  test('a file without a source, or with one that is not encrypted', async () => {
    const { sharing } = await share()
    expect(code({ ...sharing, sources: undefined } as unknown as FileSharing)).toBe('bad-file')
    expect(code({ ...sharing, sources: { encrypted: [], urls: [{ target: at }] } })).toBe('bad-file')
  })
})

test.each([
  ['summit.jpg', 'summit.jpg'],
  ['Gipfel 2026 – schön.jpg', 'Gipfel 2026 – schön.jpg'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Windows\\system.ini', 'system.ini'],
  ['/', 'file'],
  ['..', 'file'],
  ['..%2F..%2F.bashrc', 'bashrc'],
  ['%2e%2E%5cau%C3%9Fen%ff%2F100%.txt', '100%.txt'],
  ['50%25.txt', '50%.txt'],
  ['.bashrc', 'bashrc'],
  ['a\u0000b\n.txt', 'ab.txt'],
  ['gpj.\u202eexe', 'gpj.exe'],
  ['con.txt', 'file'],
  ['x'.repeat(500), 'x'.repeat(80)],
  [undefined, 'file'],
])('S-186 XEP-0446 §4: the name %j is %j', (name, safe) => expect(safeFileName(name)).toBe(safe))
