import { Resolver } from 'node:dns/promises'
import { getEventListeners, once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { ConnectOptions } from '@couplet/client'
import { type CertificateOptions, testAuthority } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type TcpOptions, tcp } from './tcp.js'

const authority = testAuthority()
const { ca } = authority
const servers: Server[] = []
const sockets = new Set<Socket>()

/** Listens; returns the port. */
async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const tlsServer = (options: TlsOptions, certificate: CertificateOptions = { names: ['example.org'] }): Server =>
  createTlsServer({ ...authority.certificate(certificate), ...options }).on('tlsClientError', () => {})

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
  for (const socket of sockets) socket.destroy()
  sockets.clear()
})

const target = (service: string | undefined, signal = new AbortController().signal): ConnectOptions => ({
  domain: 'example.org',
  service: service === undefined ? undefined : new URL(service),
  signal,
})

const connect = (service: string | undefined, options: TcpOptions = {}, signal?: AbortSignal) =>
  tcp({ ca, ...options }).connect(target(service, signal))

/** Everything leads to this port of the loopback interface. */
const dns = (port: number, host = 'example.org', service = '_xmpps-client'): TcpOptions => ({
  resolver: {
    async resolveSrv(name) {
      if (name.startsWith(service)) return [{ name: host, port, priority: 0, weight: 0 }]
      throw Object.assign(new Error(), { code: 'ENOTFOUND' })
    },
  },
  lookup: (_host, options, callback) =>
    options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
})

describe('tcp: certificates', () => {
  test('direct TLS to where the SRV record leads, for the domain of the account', async () => {
    const server = tlsServer({ ALPNProtocols: ['xmpp-client'] })
    const port = await listen(server)
    const [[peer], connection] = await Promise.all([
      once(server, 'secureConnection') as Promise<[TLSSocket & { servername?: string }]>,
      connect(undefined, dns(port, 'xmpp.hosting.net')),
    ])
    expect([connection.secure, connection.framed, connection.endpoint]).toEqual([
      true,
      false,
      expect.stringMatching(/^xmpps:\/\/xmpp\.hosting\.net:\d+$/),
    ])
    expect([peer.servername, peer.alpnProtocol]).toEqual(['example.org', 'xmpp-client'])
    expect(connection.channelBindings.map(({ type }) => type)).toEqual(['tls-exporter', 'tls-server-end-point'])
    connection.destroy()
  })

  test.each<[string, CertificateOptions, string]>([
    ['S-010 for the host of the SRV record only', { names: ['evil.net'] }, 'certificate-name'],
    ['S-013 with a wildcard that is too wide', { names: ['*.org', '*', '*.example.org'] }, 'certificate-name'],
    ['S-014 with the domain as common name only', { commonName: 'example.org' }, 'certificate-name'],
    ['that is expired', { names: ['example.org'], expired: true }, 'certificate-expired'],
    ['that is not valid yet', { names: ['example.org'], notYetValid: true }, 'certificate-expired'],
    ['that vouches for itself', { names: ['example.org'], selfSigned: true }, 'certificate-untrusted'],
  ])('a certificate %s is refused, with direct TLS and STARTTLS', async (_, certificate, code) => {
    const verdict = { name: 'ConnectionError', phase: 'tls', code, retry: 'user' }
    const port = await listen(tlsServer({}, certificate))
    await expect(connect(undefined, dns(port, 'evil.net'))).rejects.toMatchObject(verdict)
    // A TLS server that is spoken to in TLS at once, as after <proceed/>.
    const connection = await connect(`xmpp://127.0.0.1:${port}`)
    expect([connection.secure, connection.channelBindings]).toEqual([false, []])
    const closed = vi.fn()
    connection.listen({ data: () => {}, closed })
    await expect(connection.startTls?.(new AbortController().signal)).rejects.toMatchObject(verdict)
    expect([connection.secure, closed.mock.calls.length]).toEqual([false, 1])
  })

  test('an authority that is not trusted', async () => {
    const port = await listen(tlsServer({}))
    const verdict = { phase: 'tls', code: 'certificate-untrusted' }
    await expect(connect(`xmpps://127.0.0.1:${port}`, { ca: testAuthority().ca })).rejects.toMatchObject(verdict)
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    await expect(connect(`xmpps://127.0.0.1:${port}`, { ca: testAuthority().ca })).rejects.toMatchObject(verdict)
    vi.unstubAllEnvs()
  })

  test.each<[string, TlsOptions]>([
    ['S-016 TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['S-016 TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['S-016 no authentication', { maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0' }],
    ['S-017 another protocol by ALPN', { ALPNProtocols: ['http/1.1'] }],
    ['S-017 another protocol by force', { ALPNCallback: () => 'http/1.1' } as TlsOptions],
  ])('%s is refused', async (_, options) => {
    const port = await listen(tlsServer(options))
    await expect(connect(`xmpps://127.0.0.1:${port}`)).rejects.toMatchObject({ phase: 'tls', code: 'tls-failed' })
  })

  test('S-017 no ALPN at all is allowed', async () => {
    const connection = await connect(`xmpps://127.0.0.1:${await listen(tlsServer({}))}`)
    expect(connection.secure).toBe(true)
    connection.destroy()
  })

  test('TLS 1.2 has no exporter binding', async () => {
    const connection = await connect(`xmpps://127.0.0.1:${await listen(tlsServer({ maxVersion: 'TLSv1.2' }))}`)
    expect(connection.channelBindings.map(({ type }) => type)).toEqual(['tls-server-end-point'])
    connection.destroy()
  })

  test('a client certificate reaches the server; a broken one is said to be broken, and leaves nothing open', async () => {
    const server = tlsServer({ requestCert: true, ca: [ca] })
    const port = await listen(server)
    const own = authority.certificate({ xmppAddresses: ['u@example.org'] })
    const [[peer], connection] = await Promise.all([
      once(server, 'secureConnection') as Promise<[TLSSocket]>,
      connect(`xmpps://127.0.0.1:${port}`, own),
    ])
    expect(peer.authorized).toBe(true)
    connection.destroy()
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const broken = connect(`xmpps://127.0.0.1:${port}`, { cert: 'x', key: 'y' })
    await expect(broken).rejects.toMatchObject({ name: 'ConnectionError', phase: 'tls', code: 'tls-failed' })
    const [socket] = await accepted
    if (!socket.closed) await once(socket, 'close')
  })
})

describe('tcp: endpoints', () => {
  test('the next endpoint is tried, and the error is about the first', async () => {
    const good = await listen(tlsServer({}))
    const bad = await listen(tlsServer({}, { names: ['evil.net'] }))
    const { lookup } = dns(0)
    const records = (...ports: number[]) => ({
      lookup,
      resolver: {
        resolveSrv: async (name: string) =>
          name.startsWith('_xmpps') ? ports.map((port, priority) => ({ name: 'h', port, priority, weight: 0 })) : [],
      },
    })
    const connection = await connect(undefined, records(bad, good) as TcpOptions)
    expect(connection.endpoint).toBe(`xmpps://h:${good}`)
    connection.destroy()
    await expect(connect(undefined, records(bad, 1) as TcpOptions)).rejects.toMatchObject({ code: 'certificate-name' })
    await expect(connect(undefined, records(1, bad) as TcpOptions)).rejects.toMatchObject({ code: 'refused' })
  })

  test('nothing listens, or the host has no address', async () => {
    const refused = { name: 'ConnectionError', phase: 'tcp', code: 'refused', retry: 'backoff' }
    await expect(connect('xmpps://127.0.0.1:1')).rejects.toMatchObject(refused)
    const lookup: TcpOptions['lookup'] = (_host, _options, callback) =>
      callback(Object.assign(new Error(), { code: 'ENOTFOUND' }), '', 4)
    const missing = { phase: 'dns', code: 'not-found' }
    await expect(connect('xmpps://nowhere.example', { lookup })).rejects.toMatchObject(missing)
  })

  test('R-006 DNS gets three seconds', async () => {
    vi.useFakeTimers()
    try {
      const answer = connect(undefined, { resolver: { resolveSrv: () => new Promise(() => {}) } })
      const verdict = expect(answer).rejects.toMatchObject({ phase: 'dns', code: 'timeout' })
      await vi.advanceTimersByTimeAsync(3000)
      await verdict
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('R-007 tcp: abort', () => {
  const resources = (): string[] =>
    process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLS|DNS|GetAddrInfo|TCPConnect/.test(name))
  /** A handle that is being closed is gone a few turns of the event loop later. */
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  let before: string[] = []
  beforeEach(async () => {
    await turns()
    before = resources()
  })

  /** Aborts when `reached` resolves; the reason is the outcome, and nothing is left of it. */
  async function abortAt(reached: Promise<unknown>, attempt: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const [timers, cleared] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')]
    const controller = new AbortController()
    const outcome = attempt(controller.signal)
    outcome.catch(() => {})
    await reached
    controller.abort('enough')
    await expect(outcome).rejects.toBe('enough')
    const over = cleared.mock.calls.map(([timer]) => timer)
    expect(timers.mock.results.filter(({ value }) => !over.includes(value))).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await Promise.all([...sockets].map((socket) => socket.closed || once(socket, 'close')))
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
    await turns()
    expect(resources()).toEqual(before)
  }

  test('before anything', () => abortAt(Promise.resolve(), (signal) => connect('xmpps://127.0.0.1:1', {}, signal)))

  test('while DNS is asked', async () => {
    vi.spyOn(Resolver.prototype, 'resolveSrv').mockReturnValue(new Promise(() => {}))
    const cancel = vi.spyOn(Resolver.prototype, 'cancel')
    await abortAt(Promise.resolve(), (signal) => tcp({ ca }).connect(target(undefined, signal)))
    expect(cancel).toHaveBeenCalledOnce()
  })

  test('while an address is looked up', async () => {
    let looked: (value?: unknown) => void = () => {}
    const reached = new Promise((resolve) => {
      looked = resolve
    })
    await abortAt(reached, (signal) => connect('xmpp://host.example', { lookup: () => looked() }, signal))
  })

  test('during the TLS handshake', async () => {
    const server = createServer((socket) => socket.resume())
    const port = await listen(server)
    await abortAt(once(server, 'connection'), (signal) => connect(`xmpps://127.0.0.1:${port}`, {}, signal))
  })

  test('during the TLS handshake after <proceed/>', async () => {
    const server = createServer()
    const port = await listen(server)
    const connection = await connect(`xmpp://127.0.0.1:${port}`)
    const closed = new Promise<void>((resolve) => connection.listen({ data: () => {}, closed: () => resolve() }))
    const hello = new Promise((resolve) => [...sockets][0]?.once('data', resolve))
    await abortAt(hello, (signal) => connection.startTls?.(signal) as Promise<void>)
    await closed
  })
})
