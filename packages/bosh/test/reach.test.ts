import type { ConnectOptions } from '@couplet/client'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type BoshOptions, bosh } from '../src/bosh.js'
import type { HttpRequest } from '../src/open-fetch.js'

afterEach(() => void vi.unstubAllGlobals())

const rel = 'urn:xmpp:alt-connections:xbosh'

/** A `fetch` that knows host-meta and nothing else. */
function site(...hrefs: string[]) {
  const links = hrefs.map((href) => ({ rel, href }))
  return vi.fn(async (url: string, _request: HttpRequest) =>
    url.endsWith('.json') && hrefs.length > 0 ? Response.json({ links }) : new Response('', { status: 404 }),
  )
}

const connect = (target: Partial<ConnectOptions>, options: BoshOptions = {}) =>
  bosh(options).connect({ domain: 'example.org', service: undefined, signal: new AbortController().signal, ...target })

describe('bosh', () => {
  test('says what it is', () => {
    expect(bosh()).toMatchObject({ name: 'bosh', schemes: ['https', 'http'] })
  })

  test.each([{ wait: -1 }, { wait: 1.5 }, { wait: 601 }, { wait: Number.NaN }, { hold: 2 }, { hold: -1 }])(
    'refuses %o',
    (options) => {
      expect(() => bosh(options as BoshOptions)).toThrow(RangeError)
    },
  )

  test('goes where it is told, and asks nobody', async () => {
    const fetch = site()
    const connection = await connect({ service: new URL('https://example.org:5281/http-bind') }, { fetch })
    expect(connection).toMatchObject({ endpoint: 'https://example.org:5281/http-bind', secure: true, framed: true })
    expect(fetch).not.toHaveBeenCalled()
    connection.destroy()
  })

  test.each<[BoshOptions, string]>([
    [{}, "wait='60' hold='1'"],
    [{ wait: 20 }, "wait='20' hold='1'"],
    [{ hold: 0 }, "wait='0' hold='1'"],
    [{ wait: 0 }, "wait='0' hold='1'"],
  ])('%o asks for %s', async (options, expected) => {
    const fetch = vi.fn((_: string, __: HttpRequest) => new Promise<Response>(() => {}))
    const connection = await connect({ service: new URL('https://example.org/bosh') }, { ...options, fetch })
    connection.write("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org'/>")
    await vi.waitFor(() => expect(fetch).toHaveBeenCalled())
    expect(fetch.mock.calls[0]?.[1].body).toContain(` ${expected} `)
    connection.destroy()
  })

  test('never goes over http, and says why', async () => {
    const fetch = site('http://example.org/bosh')
    const verdict = { name: 'ConnectionError', phase: 'tls', code: 'tls-required', retry: 'user' }
    await expect(connect({ service: new URL('http://127.0.0.1/bosh') }, { fetch })).rejects.toMatchObject(verdict)
    await expect(connect({}, { fetch })).rejects.toMatchObject({ phase: 'dns', code: 'not-found' })
    expect(fetch.mock.calls.map(([url]) => url)).toEqual([
      'https://example.org/.well-known/host-meta.json',
      'https://example.org/.well-known/host-meta',
    ])
  })

  test('S-020 finds what the domain announces, without redirects and cookies', async () => {
    const fetch = site('https://a.example.org/bosh', 'https://b.example.org/bosh')
    expect((await connect({}, { fetch })).endpoint).toBe('https://a.example.org/bosh')
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ redirect: 'error', credentials: 'omit' })
  })

  test('does not go twice to where it has been in vain', async () => {
    const options = { fetch: site('https://a.example.org/bosh', 'https://b.example.org/bosh') }
    const tried = new Set(['https://a.example.org/bosh'])
    expect((await connect({ tried }, options)).endpoint).toBe('https://b.example.org/bosh')
    tried.add('https://b.example.org/bosh')
    await expect(connect({ tried }, options)).rejects.toMatchObject({ code: 'no-endpoint' })
    const service = new URL('https://a.example.org/bosh')
    await expect(connect({ tried, service }, options)).rejects.toMatchObject({ code: 'no-endpoint' })
  })

  test('R-005 goes to where it was before when the domain cannot be asked', async () => {
    const hints = { lastGood: 'https://last.example.org/bosh', preferred: 'evil.example:1' }
    expect((await connect({ hints }, { fetch: site() })).endpoint).toBe(hints.lastGood)
    for (const lastGood of ['http://last.example.org/bosh', 'xmpps://example.org:5223', 'https://[', '']) {
      await expect(connect({ hints: { lastGood } }, { fetch: site() })).rejects.toMatchObject({ code: 'unreachable' })
    }
  })

  test('R-005 S-020 does not go where the domain does not send it any more', async () => {
    const hints = { lastGood: 'https://last.example.org/bosh' }
    const found = { fetch: site('https://a.example.org/bosh') }
    expect((await connect({ hints }, found)).endpoint).toBe('https://a.example.org/bosh')
    const tried = new Set(['https://a.example.org/bosh'])
    await expect(connect({ hints, tried }, found)).rejects.toMatchObject({ code: 'no-endpoint' })
    const insecure = { fetch: site('http://a.example.org/bosh') }
    await expect(connect({ hints }, insecure)).rejects.toMatchObject({ code: 'not-found' })
  })

  test('R-007 ends with its signal', async () => {
    const controller = new AbortController()
    const fetch = vi.fn(
      (_: string, { signal }: HttpRequest) =>
        new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    const outcome = connect({ signal: controller.signal, hints: { lastGood: 'https://a.example/' } }, { fetch })
    outcome.catch(() => {})
    await vi.waitFor(() => expect(fetch).toHaveBeenCalled())
    controller.abort('enough')
    await expect(outcome).rejects.toBe('enough')
    await expect(connect({ signal: controller.signal }, { fetch })).rejects.toBe('enough')
  })

  test('a browser uses its own fetch', async () => {
    const { openFetch } = await import('../src/open-fetch.js')
    const fetch = vi.fn(async () => new Response('hello'))
    vi.stubGlobal('fetch', fetch)
    const client = openFetch({ ca: 'ignored' })
    const request = { redirect: 'manual', credentials: 'omit', signal: new AbortController().signal } as const
    expect(await (await client.fetch('https://example.org/', request)).text()).toBe('hello')
    client.close()
    expect(fetch.mock.calls).toEqual([['https://example.org/', request]])
  })
})
