import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { bytesOf, hexOf, readAll, someBytes, streamed } from '../../test/file-bytes.js'
import { formatAesgcmUrl, parseAesgcmMessage, type SharedFile } from './aesgcm-url.js'
import { downloadFile, downloadUnverified, type GetFetch } from './download-file.js'
import { encryptFile } from './encrypt-file.js'

const plain = someBytes(150_000)
const file = encryptFile(plain)
const encrypted = await bytesOf(await file.blob())
const text = formatAesgcmUrl({ url: 'https://upload.example.org/file?x=1', secret: file.secret })
const shared = parseAesgcmMessage(text)?.file as SharedFile
const secretHex = hexOf(file.secret.key)

/** Answers with this, and remembers what it was asked. */
function server(answer: () => Response | Promise<Response>) {
  const asked: { url: string; init: RequestInit }[] = []
  const fetch: GetFetch = async (url, init) => {
    asked.push({ url, init })
    return answer()
  }
  return { asked, fetch }
}
const ok = () => new Response(encrypted as Uint8Array<ArrayBuffer>)
const failure = (promise: Promise<unknown>): Promise<Error & { readonly code?: string }> =>
  promise.then(
    () => new Error('no error'),
    (error) => error,
  )

describe('downloadFile', () => {
  test('S-182 OMEMO S26 the request has neither the key nor a referrer', async () => {
    const { asked, fetch } = server(ok)
    expect(hexOf(await bytesOf(await downloadFile(shared, { fetch })))).toBe(hexOf(plain))
    expect(asked).toEqual([
      {
        url: 'https://upload.example.org/file?x=1',
        init: {
          credentials: 'omit',
          referrerPolicy: 'no-referrer',
          redirect: 'error',
          signal: expect.any(AbortSignal),
        },
      },
    ])
    expect(inspect(asked)).not.toContain(secretHex.slice(0, 8))
  })

  test('as a stream', async () => {
    const { fetch } = server(ok)
    expect(hexOf(await readAll(await downloadUnverified(shared, { fetch })))).toBe(hexOf(plain))
  })

  test('S-182 OMEMO S26 an address with a fragment is not fetched', async () => {
    const { asked, fetch } = server(ok)
    for (const url of [text, text.replace('aesgcm', 'https'), 'http://a.example/x', 'https://me:pw@a.example/']) {
      const error = await failure(downloadFile({ ...shared, url }, { fetch }))
      expect(error.code).toBe('bad-file-url')
      expect(inspect(error)).not.toContain(secretHex.slice(0, 8))
    }
    expect(asked).toEqual([])
  })

  test('the application says from where', async () => {
    const { asked, fetch } = server(ok)
    const allow = ({ hostname }: URL) => hostname === 'other.example.org'
    expect((await failure(downloadFile(shared, { fetch, allow }))).code).toBe('bad-file-url')
    expect(asked).toEqual([])
    await downloadFile(shared, { fetch, allow: () => true })
  })

  test('S-180 what is fetched is on the public network, unless the application says so, and says it plainly', async () => {
    const { asked, fetch } = server(ok)
    const local =
      'localhost LOCALHOST. x.localhost 127.0.0.1 0x7f.1 2130706433 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1'
    const more = '169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 198.18.0.1 192.0.0.8'
    const v6 =
      '[::] [::1] [fe80::1] [fc00::1] [fd12::1] [ff02::1] [::ffff:10.0.0.1] [::127.0.0.1] [64:ff9b::a00:1] [2002:a00:1::] [2001::1]'
    for (const host of [local, more, v6].flatMap((hosts) => hosts.split(' '))) {
      const error = await failure(downloadFile({ ...shared, url: `https://${host}/x` }, { fetch }))
      expect([host, error.code]).toEqual([host, 'bad-file-url'])
    }
    const answers = [undefined, false, 1, Promise.resolve(false), Promise.resolve(true)]
    for (const answer of answers) {
      const allow = (() => answer) as unknown as () => boolean
      expect((await failure(downloadFile(shared, { fetch, allow }))).code).toBe('bad-file-url')
    }
    expect(asked).toEqual([])
    const open =
      'a.example localhost.example 10.example 8.8.8.8 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 [2a00::1] [2001:db8::1]'
    for (const host of open.split(' ')) await downloadFile({ ...shared, url: `https://${host}/x` }, { fetch })
    await downloadFile({ ...shared, url: 'https://localhost/x' }, { fetch, allow: () => true })
    expect(asked.length).toBe(11)
  })

  test('S-180 a server that does not answer, or goes on for ever, is left after five minutes', async () => {
    const deadlines: AbortController[] = []
    const limit = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController()
      deadlines.push(controller)
      return controller.signal
    })
    const expire = () => deadlines.at(-1)?.abort(new DOMException('late', 'TimeoutError'))
    const silent: GetFetch = (_url, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new TypeError('aborted'))))
    const unanswered = failure(downloadFile(shared, { fetch: silent }))
    expire()
    expect((await unanswered).code).toBe('file-unavailable')
    let isRead = () => {}
    const reading = new Promise<void>((resolve) => {
      isRead = resolve
    })
    const endless: GetFetch = async () =>
      new Response(new ReadableStream({ pull: () => isRead() }, { highWaterMark: 0 }))
    const slow = failure(downloadFile(shared, { fetch: endless, timeout: 1000, signal: new AbortController().signal }))
    await reading
    expire()
    expect((await slow).code).toBe('file-unavailable')
    const stream = await downloadUnverified(shared, { fetch: endless })
    const read = failure(readAll(stream))
    expire()
    expect((await read).name).toBe('TimeoutError')
    expect(limit.mock.calls).toEqual([[300_000], [1000], [300_000]])
    limit.mockRestore()
  })

  test('what the server or the network refuses', async () => {
    const { stream, seen } = streamed(encrypted, 1000)
    const missing = server(() => new Response(stream, { status: 404 }))
    expect((await failure(downloadFile(shared, missing))).code).toBe('file-unavailable')
    expect(seen).toEqual({ taken: 0, cancelled: true })
    const empty = server(() => new Response(null, { status: 204 }))
    expect((await failure(downloadFile(shared, empty))).code).toBe('file-unavailable')
    const broken = server(() => Promise.reject(new TypeError('fetch failed')))
    expect(await failure(downloadFile(shared, broken))).toMatchObject({ code: 'file-unavailable', retry: 'backoff' })
    const cut = server(() => {
      let isFirst = true
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        if (isFirst) controller.enqueue(encrypted.slice(0, 100))
        else controller.error(new TypeError('terminated'))
        isFirst = false
      }
      return new Response(new ReadableStream({ pull }))
    })
    expect(await failure(downloadFile(shared, cut))).toMatchObject({ code: 'file-unavailable', retry: 'backoff' })
  })

  test('S-182 another file in its place is not seen', async () => {
    const { fetch } = server(() => new Response(encrypted.map((byte, i) => (i === 70_000 ? byte ^ 1 : byte))))
    const error = await failure(downloadFile(shared, { fetch }))
    expect(error.code).toBe('file-corrupt')
    expect(inspect(error)).not.toContain(secretHex.slice(0, 8))
  })

  test('a server that never stops is left', async () => {
    const { stream, seen } = streamed(new Uint8Array(10_000_000), 65_536)
    const { fetch } = server(() => new Response(stream))
    expect((await failure(downloadFile(shared, { fetch, maxSize: 200_000 }))).code).toBe('file-too-large')
    expect(seen.cancelled).toBe(true)
    expect(seen.taken).toBeLessThan(1_000_000)
  })

  test('an abort before and during the request', async () => {
    const reason = new Error('enough')
    const { asked, fetch } = server(ok)
    expect(await failure(downloadFile(shared, { fetch, signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(asked).toEqual([])
    const controller = new AbortController()
    const slow: GetFetch = (_url, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new TypeError('aborted'))))
    const waiting = failure(downloadFile(shared, { fetch: slow, signal: controller.signal }))
    controller.abort(reason)
    expect(await waiting).toBe(reason)
  })
})
