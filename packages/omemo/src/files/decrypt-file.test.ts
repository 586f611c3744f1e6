import { createCipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { bytesOf, hexOf, joined, readAll, someBytes, streamed } from '../../test/file-bytes.js'
import { parseAesgcmMessage } from './aesgcm-url.js'
import { decryptFile, decryptUnverified } from './decrypt-file.js'
import { encryptFile } from './encrypt-file.js'
import type { FileSecret } from './file-cipher.js'
import { GcmStream } from './gcm-stream.js'
import { SecretBytes } from './secret-bytes.js'

const sizes = [0, 1, 15, 16, 17, 65_519, 65_520, 65_521, 65_535, 65_536, 65_537, 131_072, 131_080, 200_000]

/** XEP-0454's form by the platform's own GCM: the tag at the end. */
function sealed(plain: Uint8Array, key: Uint8Array, iv: Uint8Array): Uint8Array {
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, iv)
  return Uint8Array.from(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
}

function byTag(keyLength: 16 | 32 = 32, ivLength: 12 | 16 = 12): FileSecret {
  const key = new SecretBytes(someBytes(keyLength, 3))
  return { cipher: keyLength === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, iv: someBytes(ivLength, 4) }
}

function byHash(
  plain: Uint8Array,
  secret: FileSecret = byTag(),
  algo: 'sha-256' | 'sha-384' | 'sha-512' = 'sha-256',
): FileSecret {
  const value = Uint8Array.from(createHash(algo.replace('-', '')).update(plain).digest())
  return { ...secret, plaintext: { size: plain.length, hash: { algo, value } } }
}

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: { readonly code?: string }) => error.code ?? error,
  )

interface FileVector {
  readonly url: string
  readonly plaintext: string
  readonly file: string
}
const misc = JSON.parse(readFileSync(new URL('../../../../test-vectors/omemo/misc.json', import.meta.url), 'utf8')) as {
  readonly aesgcm_files: readonly FileVector[]
}

test.each(misc.aesgcm_files.map((vector, i) => [i, vector] as const))(
  'OMEMO F20 file %i of other software',
  async (_, vector) => {
    const { file } = parseAesgcmMessage(vector.url) ?? {}
    if (file === undefined) throw new TypeError('no URL')
    const plain = new Uint8Array(Buffer.from(vector.plaintext, 'hex'))
    const encrypted = new Uint8Array(Buffer.from(vector.file, 'hex'))
    expect(hexOf(await bytesOf(await decryptFile(encrypted, file.secret)))).toBe(hexOf(plain))
    const gcm = await GcmStream.create(file.secret.key, file.secret.iv)
    expect(hexOf(await gcm.encrypt(plain))).toBe(hexOf(encrypted.slice(0, -16)))
    expect(await gcm.tag()).toEqual(encrypted.slice(-16))
  },
)

describe('GCM in pieces is GCM (NIST SP 800-38D)', () => {
  test.each(sizes)('%i bytes, vectors of 12 and 16 bytes, keys of 128 and 256 bits', async (size) => {
    const plain = someBytes(size)
    for (const [keyLength, ivLength] of [
      [32, 12],
      [32, 16],
      [16, 12],
      [16, 16],
    ] as const) {
      const secret = byTag(keyLength, ivLength)
      const encrypted = sealed(plain, secret.key, secret.iv)
      expect(hexOf(await bytesOf(await decryptFile(encrypted, secret)))).toBe(hexOf(plain))
    }
  })

  test('the counter starts over within a piece as it does between them', async () => {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(32), 'AES-CTR', false, ['encrypt'])
    const encrypt = async (counter: readonly number[], length: number) =>
      new Uint8Array(
        await crypto.subtle.encrypt(
          { name: 'AES-CTR', counter: Uint8Array.from(counter), length: 32 },
          key,
          new Uint8Array(length),
        ),
      )
    const head = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    const whole = await encrypt([...head, 255, 255, 255, 254], 64)
    expect(whole.slice(32)).toEqual(await encrypt([...head, 0, 0, 0, 0], 32))
  })

  test('a piece within a block is the last', async () => {
    const gcm = await GcmStream.create(new Uint8Array(32), new Uint8Array(12))
    await gcm.encrypt(new Uint8Array(15))
    await expect(gcm.encrypt(new Uint8Array(1))).rejects.toThrow(TypeError)
  })
})

describe.each([
  ['bytes', (bytes: Uint8Array) => bytes],
  ['a blob', (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>])],
  ['a stream', (bytes: Uint8Array) => streamed(bytes, bytes.length).stream],
  ['a stream of odd chunks', (bytes: Uint8Array) => streamed(bytes, 1, 70_000, 0, 13, 65_536).stream],
] as const)('from %s', (_, source) => {
  test.each(sizes)('%i bytes there and back', async (size) => {
    const plain = someBytes(size)
    const file = encryptFile(plain)
    const encrypted = await readAll(file.stream())
    expect(encrypted).toHaveLength(file.size)
    const { plaintext, ...tagged } = file.secret
    expect(hexOf(await bytesOf(await decryptFile(source(encrypted), tagged)))).toBe(hexOf(plain))
    expect(hexOf(await bytesOf(await decryptFile(source(encrypted), { ...tagged, plaintext })))).toBe(hexOf(plain))
    expect(hexOf(await readAll(decryptUnverified(source(encrypted), tagged)))).toBe(hexOf(plain))
    expect(hexOf(await readAll(decryptUnverified(source(encrypted), file.secret)))).toBe(hexOf(plain))
  })
})

describe('a file that is not the right one', () => {
  const plain = someBytes(70_000)
  const secret = byTag()
  const good = sealed(plain, secret.key, secret.iv)
  const flipped = (at: number) => good.map((byte, i) => (i === at ? byte ^ 1 : byte))
  const broken: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array(0)],
    ['less than a tag', good.slice(0, 15)],
    ['a tag alone', good.slice(-16)],
    ['a bit in the first byte', flipped(0)],
    ['a bit in the middle', flipped(65_536)],
    ['a bit in the last', flipped(69_999)],
    ['cut at a block', good.slice(0, 65_536)],
    ['cut within a block', good.slice(0, 30_001)],
  ]
  const badTag: readonly (readonly [string, Uint8Array])[] = [
    ['a bit in the tag', flipped(70_000)],
    ['a bit at the end of it', flipped(70_015)],
    ['a byte more', joined(good, new Uint8Array(1))],
    ['a byte less', good.slice(0, -1)],
  ]

  test.each([...broken, ...badTag])('%s: refused by its tag, before any byte of it is seen', async (_, encrypted) => {
    expect(await code(decryptFile(encrypted, secret))).toBe('file-corrupt')
    expect(await code(readAll(decryptUnverified(encrypted, secret)))).toBe('file-corrupt')
  })

  test.each(broken)('%s: refused by its hash', async (_, encrypted) => {
    expect(await code(decryptFile(encrypted, byHash(plain, secret)))).toBe('file-corrupt')
    expect(await code(readAll(decryptUnverified(encrypted, byHash(plain, secret))))).toBe('file-corrupt')
  })

  test('another key, vector, hash or size', async () => {
    for (const wrong of [
      { ...secret, key: new SecretBytes(32) },
      { ...secret, iv: new Uint8Array(12) },
      byHash(someBytes(70_000, 2), secret),
      byHash(plain.slice(1), secret),
      byHash(joined(plain, new Uint8Array(1)), secret),
    ]) {
      expect(await code(decryptFile(good, wrong))).toBe('file-corrupt')
    }
  })
})

describe('XEP-0448', () => {
  const plain = someBytes(70_000)
  test.each(['sha-256', 'sha-384', 'sha-512'] as const)('%s decides', async (algo) => {
    const secret = byHash(plain, byTag(), algo)
    expect(hexOf(await bytesOf(await decryptFile(sealed(plain, secret.key, secret.iv), secret)))).toBe(hexOf(plain))
  })

  test('§3.2: what is more than the size is cut off, and not even read', async () => {
    const secret = byHash(plain)
    const encrypted = sealed(plain, secret.key, secret.iv)
    for (const file of [encrypted.slice(0, -16), encrypted, joined(encrypted, someBytes(1000))]) {
      expect(hexOf(await bytesOf(await decryptFile(file, secret)))).toBe(hexOf(plain))
    }
    const { stream, seen } = streamed(joined(encrypted, new Uint8Array(1_000_000)), 65_536)
    expect(hexOf(await bytesOf(await decryptFile(stream, secret)))).toBe(hexOf(plain))
    expect(seen).toEqual({ taken: 131_072, cancelled: true })
  })

  test.each(sizes)('AES-256-CBC, %i bytes', async (size) => {
    const text = someBytes(size)
    const key = new SecretBytes(someBytes(32, 5))
    const iv = someBytes(16, 6)
    const cipher = createCipheriv('aes-256-cbc', key, iv)
    const encrypted = Uint8Array.from(Buffer.concat([cipher.update(text), cipher.final()]))
    const secret = byHash(text, { cipher: 'aes-256-cbc', key, iv })
    expect(hexOf(await bytesOf(await decryptFile(streamed(encrypted, 1000, 7).stream, secret)))).toBe(hexOf(text))
    if (size === 0) return
    expect(await code(decryptFile(encrypted.slice(0, -1 - (size % 16 === 0 ? 16 : 0)), secret))).toBe('file-corrupt')
    expect(
      await code(
        decryptFile(
          encrypted.map((byte) => byte ^ 1),
          secret,
        ),
      ),
    ).toBe('file-corrupt')
  })

  test('AES-CBC without a hash is not decrypted: nothing would authenticate it', async () => {
    const secret: FileSecret = { cipher: 'aes-256-cbc', key: new SecretBytes(32), iv: new Uint8Array(16) }
    expect(await code(decryptFile(new Uint8Array(32), secret))).toBe('bad-file')
  })
})

describe('limits', () => {
  const plain = someBytes(200_000)
  const secret = byTag()
  const good = sealed(plain, secret.key, secret.iv)

  test('more than the maximum is not read, and its source ended', async () => {
    const { stream, seen } = streamed(joined(good, new Uint8Array(5_000_000)), 10_000)
    expect(await code(decryptFile(stream, secret, { maxSize: 200_000 }))).toBe('file-too-large')
    expect(seen.cancelled).toBe(true)
    expect(seen.taken).toBeLessThan(400_000)
    expect(hexOf(await bytesOf(await decryptFile(good, secret, { maxSize: 200_000 })))).toBe(hexOf(plain))
    expect(await code(decryptFile(good, secret, { maxSize: 199_999 }))).toBe('file-too-large')
  })

  test('a size beyond the maximum is refused before anything is read', async () => {
    const { stream, seen } = streamed(good, 10_000)
    expect(await code(decryptFile(stream, byHash(plain, secret), { maxSize: 199_999 }))).toBe('file-too-large')
    expect(seen).toEqual({ taken: 0, cancelled: true })
  })

  test('key and vector of other lengths', async () => {
    for (const wrong of [
      { ...secret, key: new SecretBytes(16) },
      { ...secret, iv: new Uint8Array(11) },
      { ...secret, iv: new Uint8Array(0) },
      { ...secret, cipher: 'aes-128-gcm' as const },
    ]) {
      expect(await code(decryptFile(good, wrong))).toBe('bad-file')
    }
  })
})

describe('ends', () => {
  const secret = byTag()
  const reason = new Error('enough')

  test('an abort, before and while it waits', async () => {
    const never = () => new ReadableStream<Uint8Array>()
    expect(await code(decryptFile(never(), secret, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    const controller = new AbortController()
    const waiting = code(decryptFile(never(), secret, { signal: controller.signal }))
    controller.abort(reason)
    expect(await waiting).toBe(reason)
  })

  test('a source that fails, and one that has no bytes', async () => {
    const failing = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(reason) })
    expect(await code(decryptFile(failing, secret))).toBe(reason)
    const text = new ReadableStream({ start: (controller) => controller.enqueue('text') })
    expect(await code(decryptFile(text, secret))).toBeInstanceOf(TypeError)
  })

  test('who reads no further ends the source, even before the first byte', async () => {
    for (const read of [0, 1]) {
      const { stream, seen } = streamed(someBytes(500_000), 65_536)
      const reader = decryptUnverified(stream, secret).getReader()
      for (let i = 0; i < read; i++) await reader.read()
      await reader.cancel()
      expect(seen.cancelled).toBe(true)
    }
  })
})

test('OMEMO S23 neither errors nor what describes a file show its key', async () => {
  const secret = byTag()
  const error: unknown = await decryptFile(new Uint8Array(100), secret).catch((caught: unknown) => caught)
  const shown = [
    inspect(error),
    inspect(secret),
    JSON.stringify(secret),
    `${secret.key}`,
    inspect(encryptFile(someBytes(10))),
  ]
  const { key } = secret
  for (const text of shown) {
    expect(text).not.toContain(Buffer.from(key).toString('hex'))
    expect(text).not.toContain([...key.subarray(0, 4)].join(', '))
    expect(text).not.toContain([...key.subarray(0, 4)].join(','))
    expect(text).not.toMatch(/"key":\{/)
  }
  expect(inspect(key)).toBe('[32 secret bytes]')
})
