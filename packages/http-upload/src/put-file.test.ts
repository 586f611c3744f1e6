import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Slot } from './check-slot.js'
import { type PutInit, type PutOptions, putFile } from './put-file.js'

/** What a web server got. */
interface Got {
  readonly url: string | undefined
  readonly method: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly raw: readonly string[]
  readonly body: Buffer
}

/** A web server on loopback, and a `fetch`, the platform's own, that takes it for the one of every https address. */
async function webServer(answer: number | RequestListener = 201, headers: Record<string, string> = {}) {
  const got: Got[] = []
  const server = createServer((request, response) => {
    if (typeof answer === 'function') return answer(request, response)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { url, method, headers: sent, rawHeaders } = request
      got.push({ url, method, headers: sent, raw: rawHeaders, body: Buffer.concat(parts) })
      response.writeHead(answer, headers).end('what it says')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const fetch = (url: string, init: PutInit) =>
    globalThis.fetch(url.replace(/^https:\/\/[^/]+/, `http://127.0.0.1:${port}`), init)
  return { got, fetch, server }
}

const slot = (headers: Slot['headers'] = []): Slot => ({
  put: new URL('https://upload.example.org/secret/a%20b.jpg?x=1'),
  headers,
  get: new URL('https://files.example.org/secret/a%20b.jpg'),
})
const options = (more: Partial<PutOptions> & Pick<PutOptions, 'fetch'>): PutOptions => ({
  contentType: 'image/jpeg',
  signal: new AbortController().signal,
  onProgress: undefined,
  ...more,
})
const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251)
const file = new Blob([bytes], { type: 'text/html' })

describe.each(['in one piece', 'counted'] as const)('a file that is sent %s', (way) => {
  const onProgress = way === 'counted' ? () => {} : undefined

  test('arrives with its type, its size and the headers of the slot, and nothing else of ours', async () => {
    const { got, fetch } = await webServer()
    const headers: Slot['headers'] = [
      ['Authorization', 'Basic Base64String=='],
      ['Cookie', 'foo=bar; user=romeo'],
      ['eXpires', 'never'],
    ]
    await putFile(slot(headers), file, options({ fetch, onProgress }))
    expect(got).toHaveLength(1)
    expect(got[0]).toMatchObject({ method: 'PUT', url: '/secret/a%20b.jpg?x=1' })
    expect(got[0]?.body.equals(bytes)).toBe(true)
    expect(got[0]?.headers).toMatchObject({
      authorization: 'Basic Base64String==',
      cookie: 'foo=bar; user=romeo',
      expires: 'never',
      'content-type': 'image/jpeg',
      'content-length': '200000',
    })
    expect(got[0]?.headers).not.toHaveProperty('transfer-encoding')
    expect(got[0]?.headers).not.toHaveProperty('referer')
    expect(got[0]?.raw.filter((name) => /^content-(type|length)$/i.test(name))).toHaveLength(2)
  })

  test('values of one header keep their order', async () => {
    const { got, fetch } = await webServer()
    const headers: Slot['headers'] = [
      ['Cookie', 'b=2'],
      ['cookie', 'a=1'],
    ]
    await putFile(slot(headers), file, options({ fetch, onProgress }))
    expect(got[0]?.headers.cookie).toBe('b=2; a=1')
  })

  test.each([200, 201, 204])('status %i: it is there', async (status) => {
    const { got, fetch } = await webServer(status)
    await putFile(slot(), file, options({ fetch, onProgress }))
    expect(got).toHaveLength(1)
  })

  test.each([
    [202, 'no'],
    [400, 'no'],
    [401, 'no'],
    [403, 'no'],
    [413, 'no'],
    [429, 'backoff'],
    [500, 'backoff'],
    [507, 'backoff'],
  ] as const)('status %i: it is refused', async (status, retry) => {
    const { fetch } = await webServer(status)
    const sent = putFile(slot(), file, options({ fetch, onProgress }))
    await expect(sent).rejects.toMatchObject({ name: 'UploadError', code: 'refused', status, retry })
  })

  test.each([301, 302, 303, 307, 308])('S-179 a redirect (%i) is not followed, whoever it leads to', async (status) => {
    const { got, fetch } = await webServer(status, { location: 'https://evil.net/' })
    const sent = putFile(slot([['Authorization', 'secret']]), file, options({ fetch, onProgress }))
    await expect(sent).rejects.toMatchObject({ code: 'redirect', status, retry: 'no' })
    expect(got).toHaveLength(1)
  })

  test('a connection that breaks is reported, without the secrets of the slot', async () => {
    const { fetch } = await webServer((request) => request.socket.destroy())
    const error = await putFile(slot([['Authorization', 'secret']]), file, options({ fetch, onProgress })).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'not-sent', retry: 'backoff', cause: expect.anything() })
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('secret')
  })

  test('a signal ends it in the middle, with its reason', async () => {
    const arrived = vi.fn()
    const { fetch, server } = await webServer((request) => {
      request.once('data', arrived) // and it is never answered
      request.once('data', () => controller.abort(reason))
    })
    const ended = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)))
    const controller = new AbortController()
    const reason = new Error('enough')
    const sent = putFile(slot(), file, options({ fetch, onProgress, signal: controller.signal }))
    await expect(sent).rejects.toBe(reason)
    await ended
    expect(arrived).toHaveBeenCalled()
  })
})

test('nothing is sent if the signal has ended it before', async () => {
  const fetch = vi.fn()
  const onProgress = vi.fn()
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(putFile(slot(), file, options({ fetch, onProgress, signal }))).rejects.toThrow('enough')
  expect(fetch).not.toHaveBeenCalled()
  expect(onProgress).not.toHaveBeenCalled()
})

test('a redirect of which a browser tells nothing is one, too', async () => {
  const fetch = async () => ({ status: 0, type: 'opaqueredirect', body: null }) as Response
  const sent = putFile(slot(), file, options({ fetch }))
  await expect(sent).rejects.toMatchObject({ code: 'redirect', status: undefined })
})

test('what the platform is asked for', async () => {
  const fetch = vi.fn(async (_url: string, _init: PutInit) => new Response(null, { status: 201 }))
  await putFile(slot(), file, options({ fetch }))
  expect(fetch.mock.calls[0]?.[1]).toMatchObject({
    redirect: 'manual',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    body: file,
  })
  expect(fetch.mock.calls[0]?.[1]).not.toHaveProperty('duplex')
})

describe('progress', () => {
  test('goes from nothing to all of it', async () => {
    const { fetch } = await webServer()
    const seen: number[] = []
    await putFile(slot(), file, options({ fetch, onProgress: (sent, total) => void seen.push(sent / total) }))
    expect(seen[0]).toBe(0)
    expect(seen.at(-1)).toBe(1)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.length).toBeGreaterThan(3)
  })

  test('where the platform does not tell it, only both ends', async () => {
    const { node, ...others } = process.versions
    vi.spyOn(process, 'versions', 'get').mockReturnValue(others as NodeJS.ProcessVersions)
    const fetch = vi.fn(async (_url: string, _init: PutInit) => new Response(null, { status: 201 }))
    const seen: number[] = []
    await putFile(slot(), file, options({ fetch, onProgress: (sent) => void seen.push(sent) }))
    expect(seen).toEqual([0, 200_000])
    expect(fetch.mock.calls[0]?.[1].body).toBe(file)
    expect(node).toBeDefined()
  })

  test('never ends for a file that was refused', async () => {
    const { node: _, ...others } = process.versions
    vi.spyOn(process, 'versions', 'get').mockReturnValue(others as NodeJS.ProcessVersions)
    const fetch = async () => new Response(null, { status: 413 })
    const seen: number[] = []
    await putFile(slot(), file, options({ fetch, onProgress: (sent) => void seen.push(sent) })).catch(() => {})
    expect(seen).toEqual([0])
  })
})
