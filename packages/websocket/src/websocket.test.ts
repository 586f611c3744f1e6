import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { ConnectOptions } from '@couplet/client'
import { type CertificateOptions, testAuthority } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { type WebSocketOptions, webSocket } from './websocket.js'

const authority = testAuthority()
const { ca } = authority
const servers: Server[] = []
const sockets = new Set<Socket>()

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  for (const server of servers.splice(0)) server.close()
})

async function listen(certificate: CertificateOptions = { names: ['127.0.0.1'] }, protocol: string | false = 'xmpp') {
  const server = createServer(authority.certificate(certificate)).on('tlsClientError', () => {})
  const accept = new WebSocketServer({ server, handleProtocols: () => protocol })
  servers.push(server)
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, accept, url: `wss://127.0.0.1:${(server.address() as AddressInfo).port}/ws` }
}

const connect = (
  service: string | undefined,
  options: WebSocketOptions = {},
  signal = new AbortController().signal,
  more: Partial<ConnectOptions> = {},
) =>
  webSocket({ ca, ...options }).connect({
    domain: 'example.org',
    service: service === undefined ? undefined : new URL(service),
    signal,
    ...more,
  } satisfies ConnectOptions)

describe('webSocket', () => {
  test('opens what the domain announces, and asks for the subprotocol', async () => {
    const { accept, url } = await listen()
    const links = ['wss://127.0.0.1:1/', url].map((href) => ({ rel: 'urn:xmpp:alt-connections:websocket', href }))
    const fetch = vi.fn(async () => new Response(JSON.stringify({ links })))
    const [[, request], connection] = await Promise.all([once(accept, 'connection'), connect(undefined, { fetch })])
    expect(request.headers['sec-websocket-protocol']).toBe('xmpp')
    expect(request.headers['sec-websocket-extensions']).toBeUndefined()
    expect([connection.endpoint, connection.secure]).toEqual([url, true])
    connection.destroy()
  })

  describe('endpoints of one attempt', () => {
    const announce = (...hrefs: readonly string[]) => {
      const links = hrefs.map((href) => ({ rel: 'urn:xmpp:alt-connections:websocket', href }))
      return { fetch: async () => new Response(JSON.stringify({ links })) }
    }
    const noEndpoint = { name: 'ConnectionError', code: 'no-endpoint', retry: 'backoff' }

    test('what was tried is left out, and then there is none', async () => {
      const [one, two] = [await listen(), await listen()]
      const found = announce(one.url, two.url)
      const connection = await connect(undefined, found, undefined, { tried: new Set([one.url]) })
      expect(connection.endpoint).toBe(two.url)
      connection.destroy()
      const tried = new Set([one.url, two.url])
      await expect(connect(undefined, found, undefined, { tried })).rejects.toMatchObject(noEndpoint)
      await expect(connect(one.url, {}, undefined, { tried })).rejects.toMatchObject(noEndpoint)
    })

    test('who cannot be reached is told', async () => {
      const { url } = await listen()
      const failed = vi.fn()
      const connection = await connect(undefined, announce('wss://127.0.0.1:1/', url), undefined, { failed })
      connection.destroy()
      expect(failed.mock.calls).toEqual([['wss://127.0.0.1:1/', expect.objectContaining({ code: 'refused' })]])
    })

    test('R-005 where the last login was, if the domain cannot be asked, and only then', async () => {
      const { url, accept } = await listen()
      const hints = { lastGood: url }
      const silent = { fetch: () => Promise.reject(new Error('no network')) }
      const connection = await connect(undefined, silent, undefined, { hints })
      expect(connection.endpoint).toBe(url)
      connection.destroy()
      accept.on('connection', () => expect.fail('not asked'))
      const refuse = (options: WebSocketOptions, more: Partial<ConnectOptions>) =>
        expect(connect(undefined, options, undefined, more)).rejects
      await refuse(announce(), { hints }).toMatchObject({ phase: 'dns', code: 'not-found' })
      await refuse(announce('wss://127.0.0.1:1/'), { hints }).toMatchObject({ code: 'refused' })
      for (const lastGood of ['ws://127.0.0.1/', 'xmpps://127.0.0.1:1', 'wss://', 'x'] as const) {
        await refuse(silent, { hints: { lastGood } }).toMatchObject({ phase: 'dns', code: 'unreachable' })
      }
      await refuse(silent, { hints, tried: new Set([url]) }).toMatchObject({ phase: 'dns', code: 'unreachable' })
    })
  })

  test('a frame that comes with the handshake is not lost', async () => {
    const { accept, url } = await listen()
    accept.on('connection', (peer) => peer.send('<early/>'))
    const connection = await connect(url)
    const early = await new Promise((resolve) => connection.listen({ data: resolve, closed: () => {} }))
    expect(early).toBe('<early/>')
    connection.destroy()
  })

  test.each([
    ['no subprotocol', false],
    ['another one', 'soap'],
  ] as const)('S-022 %s', async (_, protocol) => {
    const { accept, url } = await listen(undefined, protocol)
    const gone = once(accept, 'connection').then(([peer]) => once(peer, 'close'))
    await expect(connect(url)).rejects.toMatchObject({ name: 'ConnectionError', phase: 'websocket', retry: 'backoff' })
    await gone
  })

  test.each<[string, CertificateOptions, string]>([
    ['for another name', { names: ['example.org'] }, 'certificate-name'],
    ['that is expired', { names: ['127.0.0.1'], expired: true }, 'certificate-expired'],
    ['that vouches for itself', { names: ['127.0.0.1'], selfSigned: true }, 'certificate-untrusted'],
  ])('a certificate %s', async (_, certificate, code) => {
    const { url } = await listen(certificate)
    await expect(connect(url)).rejects.toMatchObject({ phase: 'tls', code, retry: 'user' })
  })

  test('an authority that is not trusted, whatever the environment says', async () => {
    const { url } = await listen()
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const verdict = { phase: 'tls', code: 'certificate-untrusted', retry: 'user' }
    await expect(connect(url, { ca: testAuthority().ca })).rejects.toMatchObject(verdict)
    vi.unstubAllEnvs()
  })

  test('nothing listens; a server that says no; a redirect, which is not followed', async () => {
    await expect(connect('wss://127.0.0.1:1/')).rejects.toMatchObject({ phase: 'tcp', code: 'refused' })
    for (const [status, headers] of [
      [403, {}],
      [302, { Location: 'https://127.0.0.1:1/' }],
    ] as const) {
      const { server, accept, url } = await listen()
      accept.shouldHandle = () => expect.fail('not asked')
      server.removeAllListeners('upgrade').on('upgrade', (_request, socket) => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.end(`HTTP/1.1 ${status} No\r\n${lines.join('')}Connection: close\r\n\r\n`)
      })
      await expect(connect(url)).rejects.toMatchObject({ phase: 'websocket', code: 'unreachable' })
    }
  })

  test('a URL that no WebSocket can have is the user’s mistake', async () => {
    const verdict = { name: 'ConnectionError', code: 'no-transport', retry: 'user' }
    await expect(connect('wss://127.0.0.1/#x')).rejects.toMatchObject(verdict)
  })

  test('R-006 a server that does not answer gets 15 seconds', async () => {
    const { server, url } = await listen()
    server.removeAllListeners('upgrade').on('upgrade', () => {})
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const asked = once(server, 'upgrade')
      const verdict = expect(connect(url)).rejects.toMatchObject({ phase: 'websocket', code: 'timeout' })
      await asked
      await vi.advanceTimersByTimeAsync(15_000)
      await verdict
      await Promise.all([...sockets].map((socket) => socket.closed || once(socket, 'close')))
    } finally {
      vi.useRealTimers()
    }
  })

  test('R-007 abort during the handshake leaves nothing open', async () => {
    const { server, url } = await listen()
    server.removeAllListeners('upgrade').on('upgrade', () => {})
    const controller = new AbortController()
    const asked = once(server, 'upgrade')
    const outcome = connect(url, {}, controller.signal)
    outcome.catch(() => {})
    await asked
    controller.abort('enough')
    await expect(outcome).rejects.toBe('enough')
    await Promise.all([...sockets].map((socket) => socket.closed || once(socket, 'close')))
    await expect(connect(url, {}, controller.signal)).rejects.toBe('enough')
  })

  test('destroy closes the TCP connection of a peer that does not close', async () => {
    const { accept, url } = await listen()
    const [[peer], connection] = await Promise.all([once(accept, 'connection'), connect(url)])
    peer.pause()
    const closed = vi.fn()
    connection.listen({ data: () => {}, closed })
    connection.destroy()
    expect(closed).toHaveBeenCalledOnce()
    peer.resume()
    await once(peer, 'close')
  })
})
