import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { discoverEndpoints, discoverWebSockets, type Fetch } from './host-meta.js'

const rel = 'urn:xmpp:alt-connections:websocket'
const xrd = (...links: string[]): string =>
  `<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>${links.join('')}</XRD>\n`
const link = (href: string): string => `<Link rel='${rel}' href='${href}'/>`
const json = (...links: unknown[]): string => JSON.stringify({ links })
const base = 'https://example.org/.well-known/host-meta'

/** Fetches from a table; what is missing is 404. */
function site(documents: { json?: string | Response; xml?: string | Response }) {
  const requests: [string, RequestInit][] = []
  const fetch: Fetch = async (url, init) => {
    requests.push([url, init])
    const document = url.endsWith('.json') ? documents.json : documents.xml
    return typeof document === 'string' ? new Response(document) : (document ?? new Response('', { status: 404 }))
  }
  return { fetch, requests }
}

const find = async (documents: Parameters<typeof site>[0]): Promise<string[]> =>
  (await discoverWebSockets('example.org', site(documents).fetch, new AbortController().signal)).map(String)

const nothing = { name: 'ConnectionError', phase: 'dns', code: 'not-found', retry: 'backoff' }
const unreadable = { name: 'ConnectionError', phase: 'dns', code: 'unreachable', retry: 'backoff' }

describe('discoverWebSockets', () => {
  test('takes the links of host-meta.json in their order, and does not look further', async () => {
    const links = [
      { rel: 'urn:xmpp:alt-connections:xbosh', href: 'https://example.org/bosh' },
      { rel, href: 'wss://a.example.org/ws' },
      { rel: 'lrdd', template: 'https://example.org/{uri}' },
      { rel, href: 'wss://b.example.org:443/ws?x=1' },
    ]
    const { fetch, requests } = site({ json: json(...links) })
    const found = await discoverWebSockets('example.org', fetch, new AbortController().signal)
    expect(found.map(String)).toEqual(['wss://a.example.org/ws', 'wss://b.example.org/ws?x=1'])
    expect(requests.map(([url]) => url)).toEqual([`${base}.json`])
  })

  test('takes host-meta where there is no JSON, with links to other things', async () => {
    const lrdd = `<Link rel='lrdd' type='application/xrd+xml' template='https://example.org/{uri}'/>`
    const subject = '<Subject>https://example.org</Subject>'
    expect(
      await find({ xml: xrd(subject, lrdd, link('wss://a.example.org/ws'), link('wss://b.example.org/ws')) }),
    ).toEqual(['wss://a.example.org/ws', 'wss://b.example.org/ws'])
    expect(await find({ json: 'no JSON', xml: `\ufeff${xrd(link('wss://a.example.org/ws'))}` })).toHaveLength(1)
    expect(await find({ json: json(), xml: xrd(link('wss://a.example.org/ws')) })).toHaveLength(1)
  })

  test('S-020 only wss counts', async () => {
    const bad = [
      'ws://example.org/ws',
      'http://example.org/bosh',
      'https://example.org/ws',
      '//example.org/ws',
      'no URL',
      '',
    ]
    await expect(find({ json: json(...bad.map((href) => ({ rel, href }))) })).rejects.toMatchObject(nothing)
    await expect(find({ xml: xrd(...bad.map(link)) })).rejects.toMatchObject(nothing)
    expect(await find({ json: json({ rel, href: 'ws://a/ws' }, { rel, href: 'wss://b/ws' }) })).toEqual(['wss://b/ws'])
  })

  test('other kinds of endpoints have a relation and a protocol of their own', async () => {
    const xbosh = 'urn:xmpp:alt-connections:xbosh'
    const links = [
      { rel, href: 'https://example.org/ws' },
      { rel: xbosh, href: 'http://example.org/bosh' },
      { rel: xbosh, href: 'https://example.org/bosh' },
    ]
    const { fetch } = site({ json: json(...links) })
    const kind = { rel: xbosh, protocol: 'https:' } as const
    const found = await discoverEndpoints('example.org', kind, fetch, new AbortController().signal)
    expect(found.map(String)).toEqual(['https://example.org/bosh'])
  })

  test('S-020 S-019 asks https only, follows no redirect, sends no cookies', async () => {
    const { fetch, requests } = site({})
    await expect(discoverWebSockets('example.org', fetch, new AbortController().signal)).rejects.toMatchObject(
      unreadable,
    )
    expect(requests.map(([url]) => url)).toEqual([`${base}.json`, base])
    for (const [, init] of requests) expect(init).toMatchObject({ redirect: 'error', credentials: 'omit' })
  })

  test.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['links that are none', '{"links":{"0":{}}}'],
    ['strange links', json(null, 7, 'x', { rel }, { rel, href: 7 }, { rel: [rel], href: 'wss://evil/' })],
  ])('JSON with %s leads nowhere', async (_, document) => {
    await expect(find({ json: document })).rejects.toMatchObject({ name: 'ConnectionError', phase: 'dns' })
  })

  test.each([
    ['a document type', `<!DOCTYPE x [<!ENTITY a 'wss://evil/'>]>${xrd(`<Link rel='${rel}' href='&a;'/>`)}`],
    ['another root', `<html>${link('wss://evil/')}</html>`],
    ['another namespace', xrd(link('wss://evil/')).replace('xrd-1.0', 'xrd-2.0')],
    ['two roots', xrd(link('wss://evil/')) + xrd()],
    ['an end that is missing', xrd(link('wss://evil/')).replace('</XRD>', '')],
    ['nothing', ''],
  ])('S-020 XML with %s is refused', async (_, document) => {
    await expect(find({ xml: document })).rejects.toMatchObject(unreadable)
  })

  test('S-020 a document longer than 256 KiB is not read to its end', async () => {
    let pulled = 0
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(65_536).fill(0x20))
      },
      cancel() {
        cancelled = true
      },
    })
    const { fetch } = site({ json: new Response(endless) })
    const found = discoverWebSockets('example.org', fetch, new AbortController().signal)
    await expect(found).rejects.toMatchObject({ ...unreadable, cause: { message: 'more than 262144 bytes' } })
    expect([cancelled, pulled < 10]).toEqual([true, true])
    expect(await find({ json: json({ rel, href: 'wss://a/' }) + ' '.repeat(200_000) })).toEqual(['wss://a/'])
  })

  test('what is not UTF-8 is refused', async () => {
    const bytes = Buffer.from(json({ rel, href: 'wss://\xe4/' }), 'latin1')
    await expect(find({ json: new Response(bytes) })).rejects.toMatchObject(unreadable)
  })

  test('R-007 ends when the signal aborts, and asks for nothing more', async () => {
    const controller = new AbortController()
    const asked: string[] = []
    const fetch: Fetch = (url, { signal }) => {
      asked.push(url)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const found = discoverWebSockets('example.org', fetch, controller.signal)
    controller.abort('enough')
    await expect(found).rejects.toBe('enough')
    expect([asked.length, getEventListeners(controller.signal, 'abort').length]).toEqual([1, 0])
  })
})
