import { describe, expect, test } from 'vitest'
import { bytesOf, hexOf, readAll, someBytes, streamed } from '../../test/file-bytes.js'
import { formatAesgcmUrl, parseAesgcmMessage } from './aesgcm-url.js'
import { decryptFile } from './decrypt-file.js'
import { encryptFile } from './encrypt-file.js'

const plain = someBytes(100_000)

describe('encryptFile', () => {
  test('from bytes, a blob, or a stream; as a stream or a blob', async () => {
    for (const file of [
      plain,
      new Blob([plain as Uint8Array<ArrayBuffer>], { type: 'image/png' }),
      { stream: streamed(plain, 999).stream, size: plain.length },
    ]) {
      const encrypted = encryptFile(file)
      const blob = await encrypted.blob()
      expect([blob.size, blob.type]).toEqual([encrypted.size, 'application/octet-stream'])
      expect(hexOf(await bytesOf(await decryptFile(blob, encrypted.secret)))).toBe(hexOf(plain))
    }
  })

  test('XEP-0454: what is uploaded can be said as a URL', async () => {
    const encrypted = encryptFile(plain)
    const blob = await encrypted.blob()
    const text = formatAesgcmUrl({ url: 'https://upload.example.org/1', secret: encrypted.secret })
    const { file } = parseAesgcmMessage(text) ?? {}
    if (file === undefined) throw new TypeError('no URL')
    expect(hexOf(await bytesOf(await decryptFile(blob, file.secret)))).toBe(hexOf(plain))
  })

  test('each file has a key, a vector and a name of its own', async () => {
    const files = [encryptFile(plain), encryptFile(plain)]
    const uploads = await Promise.all(files.map(async (file) => hexOf(await bytesOf(await file.blob()))))
    expect(uploads[0]).not.toBe(uploads[1])
    for (const of of ['key', 'iv'] as const) {
      expect(new Set(files.map(({ secret }) => hexOf(secret[of]))).size).toBe(2)
    }
    expect(new Set(files.map(({ name }) => name)).size).toBe(2)
  })

  test('once only, and nothing is told before the end', async () => {
    const file = encryptFile(plain)
    expect(() => file.secret).toThrow(TypeError)
    const stream = file.stream()
    expect(() => file.stream()).toThrow(TypeError)
    await expect(file.blob()).rejects.toThrow(TypeError)
    expect(() => file.secret).toThrow(TypeError)
    await readAll(stream)
    expect(file.secret.plaintext.size).toBe(plain.length)
  })

  test('a stream of another size than was said fails, and tells no secret', async () => {
    for (const size of [plain.length - 1, plain.length + 1, 0]) {
      const { stream, seen } = streamed(plain, 65_536)
      const file = encryptFile({ stream, size })
      await expect(readAll(file.stream())).rejects.toThrow(RangeError)
      expect(() => file.secret).toThrow(TypeError)
      expect(seen.taken).toBeGreaterThan(0)
    }
  })

  test('an abort, and a reader who goes away, end the source', async () => {
    const reason = new Error('enough')
    const aborted = encryptFile(
      { stream: new ReadableStream<Uint8Array>(), size: 1 },
      { signal: AbortSignal.abort(reason) },
    )
    await expect(aborted.blob()).rejects.toBe(reason)
    for (const reads of [0, 1]) {
      const { stream, seen } = streamed(someBytes(500_000), 65_536)
      const reader = encryptFile({ stream, size: 500_000 }).stream().getReader()
      for (let i = 0; i < reads; i++) await reader.read()
      await reader.cancel()
      expect(seen.cancelled).toBe(true)
    }
  })

  test.each([-1, 1.5, Number.NaN, 2 ** 36])('a size of %d is none', (size) => {
    expect(() => encryptFile({ stream: new ReadableStream<Uint8Array>(), size })).toThrow(RangeError)
  })
})

describe('OMEMO F25 what the server sees', () => {
  test('has nothing of the file’s name, type, size of blocks or content', async () => {
    const file = new File(['secret content'.repeat(100)], 'wedding.jpeg', { type: 'image/jpeg' })
    const upload = encryptFile(file)
    const seen = `${upload.name} ${upload.contentType} ${Buffer.from(await bytesOf(await upload.blob())).toString('latin1')}`
    for (const word of ['wedding', 'jpeg', 'image', 'secret']) expect(seen).not.toContain(word)
    expect(upload.name).toMatch(/^[0-9a-f]{32}$/)
    expect(upload.contentType).toBe('application/octet-stream')
  })

  test('an extension only if it is asked for', () => {
    expect(encryptFile(plain, { extension: 'JPG' }).name).toMatch(/^[0-9a-f]{32}\.jpg$/)
    for (const extension of ['tar.gz', '../x', 'a/b', 'verylongone']) {
      expect(() => encryptFile(plain, { extension })).toThrow(RangeError)
    }
  })
})
