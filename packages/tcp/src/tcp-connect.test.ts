import { createHash, X509Certificate } from 'node:crypto'
import type { SrvRecord } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { ConnectOptions } from '@couplet/client'
import { testAuthority } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type TcpOptions, tcp } from './tcp.js'

const authority = testAuthority()
const { ca } = authority
const certificate = authority.certificate({ names: ['example.org'] })
const servers: Server[] = []

afterEach(() => {
  vi.useRealTimers()
  for (const server of servers.splice(0)) server.close()
})

/** A server, its port, and for each connection all that was said on it. */
async function listen(server: Server): Promise<{ port: number; heard: Buffer[][]; closed(): Promise<unknown> }> {
  const heard: Buffer[][] = []
  const closed: Promise<unknown>[] = []
  servers.push(server.on('tlsClientError', () => {}))
  server.on('connection', (socket: Socket) => {
    const chunks: Buffer[] = []
    heard.push(chunks)
    closed.push(
      once(
        socket.on('error', () => {}),
        'close',
      ),
    )
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, heard, closed: () => Promise.all(closed) }
}

const tls = (): Promise<{ port: number; heard: Buffer[][]; closed(): Promise<unknown> }> =>
  listen(createTlsServer(certificate))
/** Accepts, and says nothing. */
const silent = () => listen(createServer())

const record = (port: number, priority = 0, name = 'h'): SrvRecord => ({ name, port, priority, weight: 0 })

interface Network {
  readonly direct?: readonly SrvRecord[] | string
  readonly startTls?: readonly SrvRecord[] | string
}

const network = ({ direct = [], startTls = [] }: Network): TcpOptions => ({
  ca,
  lookup: (_host, _options, callback) => callback(null, '127.0.0.1', 4),
  resolver: {
    async resolveSrv(name) {
      const answer = name.startsWith('_xmpps') ? direct : startTls
      if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer })
      return [...answer]
    },
  },
})

const connect = (options: TcpOptions, more: Partial<ConnectOptions> = {}) =>
  tcp(options).connect({ domain: 'example.org', service: undefined, signal: new AbortController().signal, ...more })

/** Connects, and hands back the name of the endpoint. */
async function reached(...how: Parameters<typeof connect>): Promise<string> {
  const connection = await connect(...how)
  connection.destroy()
  return connection.endpoint
}

const noEndpoint = { name: 'ConnectionError', phase: 'tcp', code: 'no-endpoint', retry: 'backoff' }

describe('what was tried', () => {
  test('is left out; then there is none', async () => {
    const [one, two] = [await tls(), await silent()]
    const records = network({ direct: [record(one.port)], startTls: [record(two.port, 1)] })
    const tried = new Set<string>()
    for (const name of [`xmpps://h:${one.port}`, `xmpp://h:${two.port}`]) {
      expect(await reached(records, { tried })).toBe(name)
      tried.add(name)
    }
    await expect(connect(records, { tried })).rejects.toMatchObject(noEndpoint)
  })

  test('also counts for a service that the user named', async () => {
    const service = new URL('xmpps://[::1]:1')
    await expect(connect({ ca }, { service, tried: new Set(['xmpps://[::1]:1']) })).rejects.toMatchObject(noEndpoint)
  })

  test('who cannot be reached is told, best first', async () => {
    const good = await silent()
    const failed = vi.fn()
    const records = network({ direct: [record(1), record(2, 1)], startTls: [record(good.port, 2)] })
    expect(await reached(records, { failed })).toBe(`xmpp://h:${good.port}`)
    const refused = expect.objectContaining({ code: 'refused' })
    expect(failed.mock.calls).toEqual([
      ['xmpps://h:1', refused],
      ['xmpps://h:2', refused],
    ])
  })
})

describe('hints', () => {
  test.each(['tls', 'silent'] as const)(
    'S-028 the preferred place goes first, either way (%s), without DNS',
    async (kind) => {
      const place = await { tls, silent }[kind]()
      if (kind === 'silent') servers.at(-1)?.on('connection', (socket) => socket.once('data', () => socket.destroy()))
      const options = network({ direct: 'ESERVFAIL' })
      const hints = { preferred: `there.example:${place.port}` }
      const scheme = kind === 'tls' ? 'xmpps' : 'xmpp'
      expect(await reached(options, { hints })).toBe(`${scheme}://there.example:${place.port}`)
      expect(await reached(options, { hints, service: new URL('xmpps://127.0.0.1:1') })).toMatch(/there\.example/)
    },
  )

  test('S-028 then the usual ones; an error of the preferred place is not reported', async () => {
    const evil = await listen(createTlsServer(authority.certificate({ names: ['evil.net'] })))
    const good = await tls()
    const hints = { preferred: `evil.net:${evil.port}` }
    const tried = new Set([`xmpp://evil.net:${evil.port}`])
    expect(await reached(network({ direct: [record(good.port)] }), { hints, tried })).toBe(`xmpps://h:${good.port}`)
    const outcome = connect(network({ direct: [record(1)] }), { hints, tried })
    await expect(outcome).rejects.toMatchObject({ code: 'refused', retry: 'backoff' })
  })

  test.each(['', 'a b', ':1', '/', 'a:b:c'])('a preferred place that is none (%j)', async (preferred) => {
    const good = await tls()
    expect(await reached(network({ direct: [record(good.port)] }), { hints: { preferred } })).toBe(
      `xmpps://h:${good.port}`,
    )
  })

  test('R-005 the last good endpoint comes after all fresh ones', async () => {
    const [fresh, old] = [await tls(), await tls()]
    const hints = { lastGood: `xmpps://old.example:${old.port}` }
    expect(await reached(network({ direct: [record(fresh.port, 9)] }), { hints })).toBe(`xmpps://h:${fresh.port}`)
    expect(await reached(network({ direct: [record(1), record(2, 9)] }), { hints })).toBe(hints.lastGood)
    expect(await reached(network({}), { hints, tried: new Set(['xmpp://example.org:5222']) })).toBe(hints.lastGood)
  })

  test('R-005 the last good endpoint alone when DNS fails, but not when the domain says that there is no service', async () => {
    const old = await tls()
    const hints = { lastGood: `xmpps://old.example:${old.port}` }
    expect(await reached(network({ direct: 'ESERVFAIL' }), { hints })).toBe(hints.lastGood)
    const none = [record(0, 0, '.')]
    const gone = connect(network({ direct: none, startTls: none }), { hints })
    await expect(gone).rejects.toMatchObject({ phase: 'dns', code: 'not-found' })
    const unreachable = { phase: 'dns', code: 'unreachable' }
    const tried = new Set([hints.lastGood])
    await expect(connect(network({ direct: 'ESERVFAIL' }), { hints, tried })).rejects.toMatchObject(unreachable)
    for (const lastGood of ['wss://127.0.0.1/', 'xmpps://', 'x', '', `xmpps://127.0.0.1:1`]) {
      const outcome = connect(network({ direct: 'ESERVFAIL' }), { hints: { lastGood } })
      await expect(outcome).rejects.toMatchObject(unreachable)
    }
  })

  test('R-005 S-010 it has to have the right certificate as well', async () => {
    const evil = await listen(createTlsServer(authority.certificate({ names: ['old.example'] })))
    const hints = { lastGood: `xmpps://old.example:${evil.port}` }
    const failed = vi.fn()
    await expect(connect(network({ direct: 'ESERVFAIL' }), { hints, failed })).rejects.toMatchObject({ phase: 'dns' })
    expect(failed).toHaveBeenCalledWith(hints.lastGood, expect.objectContaining({ code: 'certificate-name' }))
  })

  test('not for a service that the user named', async () => {
    const old = await tls()
    const hints = { lastGood: `xmpps://old.example:${old.port}` }
    const outcome = connect(network({}), { hints, service: new URL('xmpps://127.0.0.1:1') })
    await expect(outcome).rejects.toMatchObject({ code: 'refused' })
  })
})

describe('R-003 S-031 a race on the network', () => {
  test('direct TLS that says nothing: STARTTLS starts after 250 ms and wins; the loser hears not a byte of XMPP', async () => {
    const [slow, plain] = [await silent(), await silent()]
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const began = servers[0] && once(servers[0], 'connection')
    const outcome = connect(network({ direct: [record(slow.port)], startTls: [record(plain.port)] }))
    await began
    expect(plain.heard).toEqual([])
    await vi.advanceTimersByTimeAsync(249)
    expect(plain.heard).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    const connection = await outcome
    expect(connection.endpoint).toBe(`xmpp://h:${plain.port}`)
    expect(vi.getTimerCount()).toBe(0)
    await slow.closed()
    const [hello] = slow.heard.map((chunks) => Buffer.concat(chunks))
    // Nothing, or the ClientHello and no other record.
    expect(hello?.length === 0 || hello?.length === 5 + (hello?.readUInt16BE(3) ?? 0)).toBe(true)
    connection.destroy()
  })

  test('the next priority only after the first is exhausted', async () => {
    const [slow, backup] = [await silent(), await tls()]
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const began = servers[0] && once(servers[0], 'connection')
    const outcome = connect(network({ direct: [record(slow.port), record(backup.port, 1)] }))
    await began
    await turns()
    await vi.advanceTimersByTimeAsync(14_999)
    expect(backup.heard).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    const connection = await outcome
    expect(connection.endpoint).toBe(`xmpps://h:${backup.port}`)
    connection.destroy()
  })
})

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe('R-006 limits', () => {
  test('a TLS handshake gets fifteen seconds', async () => {
    const slow = await silent()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const began = servers[0] && once(servers[0], 'connection')
    const outcome = connect(network({ direct: [record(slow.port)] }))
    const verdict = expect(outcome).rejects.toMatchObject({ phase: 'tls', code: 'timeout', retry: 'backoff' })
    await began
    await turns()
    await vi.advanceTimersByTimeAsync(15_000)
    await verdict
    await slow.closed()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('the addresses of a host get three seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const outcome = connect({ ...network({ direct: [record(1)] }), lookup: () => {} })
    const verdict = expect(outcome).rejects.toMatchObject({ phase: 'dns', code: 'timeout' })
    await vi.advanceTimersByTimeAsync(3000)
    await verdict
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('pins and what is known about TLS', () => {
  const pinOf = (pem: string): string => {
    const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
    return createHash('sha256').update(key).digest('base64')
  }

  test.each(['direct TLS', 'STARTTLS'])(
    '%s: the key of the server or of its authority has to be pinned',
    async (way) => {
      const { port } = await tls()
      const service = new URL(`${way === 'STARTTLS' ? 'xmpp' : 'xmpps'}://127.0.0.1:${port}`)
      const connectWith = async (pin: string) => {
        const connection = await connect({ ca, pins: [pin] }, { service })
        // A TLS server that is spoken to in TLS at once, as after <proceed/>.
        if (!connection.secure) await connection.startTls?.(new AbortController().signal)
        connection.destroy()
        return connection
      }
      for (const pem of [certificate.cert, ca]) await connectWith(pinOf(pem))
      const verdict = { name: 'ConnectionError', phase: 'tls', code: 'certificate-pin', retry: 'user' }
      if (way === 'direct TLS') await expect(connectWith(pinOf(testAuthority().ca))).rejects.toMatchObject(verdict)
      const connection = await connect({ ca, pins: [pinOf(testAuthority().ca)] }, { service }).catch((error) => error)
      if (way === 'STARTTLS') {
        await expect(connection.startTls(new AbortController().signal)).rejects.toMatchObject(verdict)
        expect(connection.secure).toBe(false)
      }
    },
  )

  test('a pin does not replace trust', async () => {
    const { port } = await tls()
    const service = new URL(`xmpps://127.0.0.1:${port}`)
    const outcome = connect({ ca: testAuthority().ca, pins: [pinOf(certificate.cert)] }, { service })
    await expect(outcome).rejects.toMatchObject({ code: 'certificate-untrusted' })
  })

  test('pins that are none are the application’s mistake', () => {
    expect(() => tcp({ pins: ['x'] })).toThrow(TypeError)
  })

  test('RFC 7590 the application can read version, cipher and certificate', async () => {
    const { port } = await tls()
    const connection = await connect({ ca }, { service: new URL(`xmpps://127.0.0.1:${port}`) })
    expect(connection.tls).toEqual({
      protocol: 'TLSv1.3',
      cipher: expect.stringMatching(/^TLS_/),
      certificate: new X509Certificate(certificate.cert).raw,
    })
    connection.destroy()
    const plain = await connect({ ca }, { service: new URL(`xmpp://127.0.0.1:${port}`) })
    expect(plain.tls).toBeUndefined()
    plain.destroy()
  })
})
