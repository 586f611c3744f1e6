import { ConnectionError, type Transport } from '@couplet/client'
import type { Script, ScriptedServer } from '@couplet/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { attempt, authority, dns, endpointOf, good, loopback, portOf, serve, sorry, stripped } from './attempt.js'
import { expectAnonymous } from './victim.js'

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const named = (server: ScriptedServer): string => `${server.service?.protocol}//node.example.org:${portOf(server)}`

describe('endpoints of one attempt', () => {
  test.each([
    'host-unknown',
    'internal-server-error',
    'remote-connection-failed',
    'resource-constraint',
    'system-shutdown',
    'undefined-condition',
  ])('%s: the next endpoint is tried', async (condition) => {
    await using bad = await serve(sorry(condition), 'tls')
    await using next = await serve(good)
    expect(await endpointOf(dns({ server: bad }, { server: next, priority: 1 }))).toBe(named(next))
    expect(bad.peers).toHaveLength(1)
  })

  test.each<[string, Script]>([
    ['is closed', (peer) => peer.end()],
    ['breaks', (peer) => peer.destroy()],
    ['is not XMPP', (peer) => peer.send('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['is of another server', (peer) => peer.streamHeader({ from: 'evil.net' }).then(() => peer.offer())],
  ])('a stream that %s: the next endpoint is tried', async (_, script) => {
    await using bad = await serve(async (peer) => {
      await peer.secured()
      await peer.expect(/<stream:stream/)
      await script(peer)
      await peer.closed
    }, 'tls')
    await using next = await serve(good)
    expect(await endpointOf(dns({ server: bad }, { server: next, priority: 1 }))).toBe(named(next))
    expectAnonymous(bad.peers[0]?.received.replace(/ from='.*?'/, '') ?? '')
  })

  test('S-002 STARTTLS refused: the next endpoint has to have it too', async () => {
    await using bad = await serve(stripped)
    await using worse = await serve(stripped)
    await using next = await serve(good)
    const places = [{ server: bad }, { server: worse, priority: 1 }]
    expect(await endpointOf(dns(...places, { server: next, priority: 2 }))).toBe(named(next))
    await expect(attempt(dns(...places))).rejects.toMatchObject({ phase: 'tls', code: 'tls-required' })
    for (const { received } of [...bad.peers, ...worse.peers]) expectAnonymous(received)
  })

  test.each([
    ['not-authorized', 1],
    ['account-disabled', 1],
    ['temporary-auth-failure', 2],
  ])('%s: endpoints tried: %i', async (condition, count) => {
    const refuse: Script = async (peer) => {
      await peer.secured()
      await peer.streamHeader()
      await peer.offer(`<mechanisms xmlns='${NS_SASL}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`)
      await peer.expect(/<auth/)
      await peer.send(`<failure xmlns='${NS_SASL}'><${condition}/></failure>`)
      await peer.closed
    }
    await using first = await serve(refuse, 'tls')
    await using second = await serve(refuse, 'tls')
    const outcome = attempt(dns({ server: first }, { server: second, priority: 1 }))
    await expect(outcome).rejects.toMatchObject({ name: 'AuthenticationError', condition })
    expect(first.peers.length + second.peers.length).toBe(count)
  })

  test.each<[string, Script]>([
    [
      'after <auth/>',
      (peer) =>
        peer
          .streamHeader()
          .then(() => peer.offer(mechanisms))
          .then(() => asked(peer)),
    ],
    [
      'instead of binding',
      (peer) =>
        peer
          .login()
          .then(() => peer.streamHeader())
          .then(() => undefined),
    ],
  ])('a stream error %s is the last word', async (_, script) => {
    await using first = await serve(async (peer) => {
      await peer.secured()
      await script(peer)
      await peer.send(`<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`)
      await peer.close()
    }, 'tls')
    await using second = await serve(good, 'tls')
    const outcome = attempt(dns({ server: first }, { server: second, priority: 1 }))
    await expect(outcome).rejects.toMatchObject({ name: 'StreamError', code: 'policy-violation' })
    expect(second.peers).toHaveLength(0)
  })

  test('a password that cannot be fetched is asked for once', async () => {
    await using first = await serve(good, 'tls')
    await using second = await serve(good, 'tls')
    const password = vi.fn(() => Promise.reject(new Error('locked')))
    const credentials = { password, token: undefined, external: undefined, anonymous: undefined }
    const outcome = attempt(dns({ server: first }, { server: second, priority: 1 }), { credentials })
    await expect(outcome).rejects.toThrow('locked')
    expect([password.mock.calls.length, second.peers.length]).toEqual([1, 0])
  })

  test('a service that the user named is the only endpoint', async () => {
    await using bad = await serve(sorry('host-unknown'), 'tls')
    await using next = await serve(good, 'tls')
    const outcome = attempt(dns({ server: next }), { service: bad.service })
    await expect(outcome).rejects.toMatchObject({ code: 'host-unknown' })
    expect([bad.peers.length, next.peers.length]).toEqual([1, 0])
  })

  test('S-010 an SRV record that leads to a server with a certificate of its own', async () => {
    const certificate = authority.certificate({ names: ['evil.net'] })
    await using evil = await serve((peer) => peer.secured(), 'tls', certificate)
    await using next = await serve(good)
    const network = dns({ server: evil, host: 'evil.net' }, { server: next, priority: 1 })
    expect(await endpointOf(network)).toBe(named(next))
    const alone = attempt(dns({ server: evil, host: 'evil.net' }))
    await expect(alone).rejects.toMatchObject({ phase: 'tls', code: 'certificate-name' })
    expect(evil.peers).toHaveLength(0)
  })

  test('S-011 a certificate for the service alone is good', async () => {
    const certificate = authority.certificate({ srvNames: ['_xmpp-client.example.org'] })
    await using direct = await serve(good, 'tls', certificate)
    await using startTls = await serve(good, 'tcp', authority.certificate({ xmppAddresses: ['example.org'] }))
    expect(await endpointOf(dns({ server: direct }))).toBe(named(direct))
    expect(await endpointOf(dns({ server: startTls }))).toBe(named(startTls))
  })

  test('S-031 STARTTLS of equal priority is not even tried when direct TLS works', async () => {
    await using plain = await serve(stripped)
    await using direct = await serve(good, 'tls')
    expect(await endpointOf(dns({ server: plain }, { server: direct }))).toBe(named(direct))
    expect(plain.peers).toHaveLength(0)
  })

  test('R-005 the last good endpoint, when DNS fails; not when the domain says that it has no service', async () => {
    await using server = await serve(good, 'tls')
    const hints = { lastGood: named(server) }
    const answers = (resolveSrv: () => Promise<never>) => ({
      ca: authority.ca,
      lookup: loopback,
      resolver: { resolveSrv },
    })
    const broken = answers(() => Promise.reject(Object.assign(new Error(), { code: 'ESERVFAIL' })))
    await expect(attempt(broken)).rejects.toMatchObject({ phase: 'dns', code: 'unreachable' })
    expect(await endpointOf(broken, { hints })).toBe(named(server))
    const none = answers(() => Promise.resolve([{ name: '.', port: 0, priority: 0, weight: 0 }] as unknown as never))
    await expect(attempt(none, { hints })).rejects.toMatchObject({ phase: 'dns', code: 'not-found' })
    expect(server.peers).toHaveLength(1)
  })

  test('R-005 the last good endpoint has to have the right certificate as well', async () => {
    const certificate = authority.certificate({ names: ['evil.net', 'node.example.org'] })
    await using evil = await serve((peer) => peer.secured(), 'tls', certificate)
    const resolveSrv = () => Promise.reject(Object.assign(new Error(), { code: 'ESERVFAIL' }))
    const network = { ca: authority.ca, lookup: loopback, resolver: { resolveSrv } }
    const outcome = attempt(network, { hints: { lastGood: named(evil) } })
    await expect(outcome).rejects.toMatchObject({ phase: 'dns', code: 'unreachable' })
    expect(evil.peers).toHaveLength(0)
  })

  test('a transport that does not mind what was tried is not asked for ever', async () => {
    await using server = await serve(sorry('system-shutdown'), 'tls')
    const { tcp } = await import('@couplet/tcp')
    const real = tcp(dns({ server }))
    const careless: Transport = { ...real, connect: ({ tried: _, ...target }) => real.connect(target) }
    await expect(attempt([careless])).rejects.toMatchObject({ code: 'system-shutdown' })
    expect(server.peers.length).toBeLessThanOrEqual(2)
  })

  test('DNS that always knows another endpoint comes to an end', async () => {
    await using server = await serve((peer) => peer.destroy(), 'tls')
    let number = 0
    const resolveSrv = async () => [{ name: `n${++number}.example`, port: portOf(server), priority: 0, weight: 0 }]
    const network = { ca: authority.ca, lookup: loopback, resolver: { resolveSrv } }
    await expect(attempt(network)).rejects.toMatchObject({ name: 'ConnectionError' })
    expect(number).toBeLessThan(200)
  })

  test('the second transport is for when the first is at its end; the first error is reported', async () => {
    await using bad = await serve(sorry('system-shutdown'), 'tls')
    await using next = await serve(good, 'tls')
    const { tcp } = await import('@couplet/tcp')
    const transports = [tcp(dns({ server: bad })), tcp(dns({ server: next }))]
    expect(await endpointOf(transports)).toBe(named(next))
    const failing: Transport = {
      name: 'x',
      schemes: [],
      connect: () => Promise.reject(new ConnectionError('websocket', 'unreachable', 'no')),
    }
    await expect(attempt([...transports.slice(0, 1), failing])).rejects.toMatchObject({ code: 'system-shutdown' })
  })

  test('R-007 an abort at the second endpoint ends the attempt with its reason', async () => {
    await using bad = await serve(sorry('system-shutdown'), 'tls')
    await using silent = await serve((peer) => peer.closed, 'tls')
    const controller = new AbortController()
    const outcome = attempt(dns({ server: bad }, { server: silent, priority: 1 }), {}, controller.signal)
    outcome.catch(() => {})
    const peer = await silent.peer(0)
    controller.abort('enough')
    await expect(outcome).rejects.toBe('enough')
    await peer.closed
  })
})

const mechanisms = `<mechanisms xmlns='${NS_SASL}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`
const asked = (peer: Parameters<Script>[0]) => peer.expect(/<auth/).then(() => undefined)

describe('S-008 TLS is demanded wherever the records lead', () => {
  const servers: ScriptedServer[] = []
  beforeAll(async () => {
    const proceedWithoutTls: Script = async (peer) => {
      await peer.streamHeader()
      await peer.offer(`<starttls xmlns='${NS_TLS}'/>`)
      await peer.expect(/<starttls/)
      await peer.send(`<proceed xmlns='${NS_TLS}'/><stream:features>${mechanisms}</stream:features>`)
      await peer.closed
    }
    const mechanismsInTheClear: Script = async (peer) => {
      await peer.streamHeader()
      await peer.offer(mechanisms)
      await peer.expect(/<starttls/)
      await peer.offer(mechanisms)
      await peer.closed
    }
    const evil = authority.certificate({ names: ['evil.net'] })
    servers.push(await serve(stripped), await serve(proceedWithoutTls), await serve(mechanismsInTheClear))
    servers.push(await serve((peer) => peer.secured(), 'tls', evil))
  })
  afterAll(async () => {
    for (const server of servers) await server.stop()
  })

  const codes = ['tls-required', 'tls-required', 'unexpected-element', 'certificate-name']
  const orders = [0, 1, 2, 3].flatMap((a) =>
    [0, 1, 2, 3].flatMap((b) =>
      [0, 1, 2, 3].flatMap((c) => (new Set([a, b, c]).size === 3 ? [[a, b, c, 6 - a - b - c]] : [])),
    ),
  )

  test.each(orders)('records in the order %i %i %i %i: all are refused', async (...order) => {
    const before = servers.map(({ peers }) => peers.length)
    const places = order.map((index, priority) => ({ server: servers[index] as ScriptedServer, priority }))
    await expect(attempt(dns(...places))).rejects.toMatchObject({ phase: 'tls', code: codes[order[0] as number] })
    expect(servers.map(({ peers }, index) => peers.length - (before[index] as number))).toEqual([1, 1, 1, 0])
    for (const { received } of servers.flatMap(({ peers }) => peers)) expectAnonymous(received)
  })
})
