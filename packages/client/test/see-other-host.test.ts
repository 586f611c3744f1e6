import { describe, expect, test } from 'vitest'
import { placeOf } from '../src/see-other-host.js'
import { attempt, authority, dns, endpointOf, good, loopback, portOf, serve, sorry, stripped } from './attempt.js'
import { expectAnonymous, password } from './victim.js'

describe('placeOf', () => {
  test.each([
    ['example.org', 'example.org:5222'],
    ['Example.ORG:5223', 'example.org:5223'],
    [' example.org:443\n', 'example.org:443'],
    ['192.0.2.1', '192.0.2.1:5222'],
    ['192.0.2.1:80', '192.0.2.1:80'],
    ['[2001:DB8::1]', '[2001:db8::1]:5222'],
    ['[2001:db8::1]:5223', '[2001:db8::1]:5223'],
    ['bücher.example:1', 'xn--bcher-kva.example:1'],
  ])('%j is %j', (text, expected) => {
    expect(placeOf(text)).toBe(expected)
  })

  const ports = [
    ':5222',
    'a:',
    'a:0',
    'a:65536',
    'a:123456',
    'a:x',
    'a:1:2',
    '2001:db8::1',
    '[::1',
    '[]',
    '[x]:1',
    '[::1]x',
  ]
  const hosts = [
    '',
    ' ',
    'a b',
    'u@a',
    'a/b',
    'a?b',
    'a#b',
    'xmpp://a',
    '%61',
    'a\\b',
    '<a/>',
    '..',
    '.a',
    'x'.repeat(400),
  ]
  test.each([...ports, ...hosts, undefined])('%j is no place', (text) => {
    expect(placeOf(text)).toBeUndefined()
  })
})

const to = (server: Parameters<typeof portOf>[0], host = 'other.example'): string => `${host}:${portOf(server)}`

describe('see-other-host (RFC 6120 §4.9.3.19)', () => {
  test.each(['tcp', 'tls'] as const)('over TLS it is followed, for the same domain (%s)', async (transport) => {
    const names: (string | undefined)[] = []
    await using there = await serve(async (peer) => {
      await peer.secured()
      const header = await peer.streamHeader()
      names.push(header.attr('to'), header.attr('from'))
      peer.destroy()
    }, transport)
    await using here = await serve(sorry('see-other-host', to(there)), 'tls')
    await expect(attempt(dns({ server: here }))).rejects.toMatchObject({ code: 'see-other-host' })
    expect(names).toEqual(['example.org', 'alice.canary@example.org'])
    expect(here.peers).toHaveLength(1)
  })

  test.each(['tcp', 'tls'] as const)('a login where it leads (%s), before the next record', async (transport) => {
    await using there = await serve(good, transport)
    await using next = await serve(good, 'tls')
    await using here = await serve(sorry('see-other-host', to(there)))
    const endpoint = await endpointOf(dns({ server: here }, { server: next, priority: 1 }))
    expect(endpoint).toBe(`${transport === 'tls' ? 'xmpps' : 'xmpp'}://${to(there)}`)
    expect(next.peers).toHaveLength(0)
  })

  test('also from a service that the user named', async () => {
    await using there = await serve(good, 'tls')
    await using here = await serve(sorry('see-other-host', to(there)), 'tls')
    const network = { ca: authority.ca, lookup: loopback }
    expect(await endpointOf(network, { service: here.service })).toBe(`xmpps://${to(there)}`)
  })

  test('S-025 before TLS it is not followed: the endpoint has failed, and the next one is tried', async () => {
    await using there = await serve(good, 'tls')
    await using next = await serve(good, 'tls')
    await using here = await serve(async (peer) => {
      await peer.streamHeader()
      const name = `see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'`
      await peer.send(`<stream:error><${name}>${to(there)}</see-other-host></stream:error>`)
      await peer.close()
      await peer.closed
    })
    expect(await endpointOf(dns({ server: here }, { server: next, priority: 1 }))).toBe(
      `xmpps://node.example.org:${portOf(next)}`,
    )
    expectAnonymous(here.peers[0]?.received ?? '')
    await expect(attempt(dns({ server: here }))).rejects.toMatchObject({ name: 'StreamError', code: 'see-other-host' })
    expect(there.peers).toHaveLength(0)
  })

  test.each(['tcp', 'tls'] as const)(
    'S-026 where it leads, the certificate has to be for our domain (%s)',
    async (kind) => {
      const evil = authority.certificate({ names: ['evil.net', '127.0.0.1'] })
      await using there = await serve((peer) => peer.secured(), kind, evil)
      await using here = await serve(sorry('see-other-host', to(there, 'evil.net')), 'tls')
      await expect(attempt(dns({ server: here }))).rejects.toMatchObject({ code: 'see-other-host', retry: 'backoff' })
      for (const { received } of there.peers) expectAnonymous(received)
    },
  )

  test('S-026 where it leads, TLS is asked for as ever', async () => {
    await using there = await serve(stripped)
    await using here = await serve(sorry('see-other-host', to(there)), 'tls')
    await expect(attempt(dns({ server: here }))).rejects.toMatchObject({ code: 'see-other-host' })
    expect(there.peers.at(-1)?.received).toMatch(/<starttls/)
    for (const { received } of there.peers) expectAnonymous(received)
  })

  test('five times in one attempt, and no more', async () => {
    const last = await serve(good, 'tls')
    const chain = [last]
    for (let i = 0; i < 6; i++) chain.unshift(await serve(sorry('see-other-host', to(chain[0] ?? last)), 'tls'))
    await expect(attempt(dns({ server: chain[0] ?? last }))).rejects.toMatchObject({ code: 'see-other-host' })
    expect(chain.map(({ peers }) => peers.length)).toEqual([1, 1, 1, 1, 1, 1, 0])
    expect(await endpointOf(dns({ server: chain[1] ?? last }))).toBe(`xmpps://${to(last)}`)
    for (const server of chain) await server.stop()
  })

  test('a circle ends', async () => {
    let place = ''
    await using here = await serve((peer) => sorry('see-other-host', place)(peer), 'tls')
    await using there = await serve(sorry('see-other-host', `node.example.org:${portOf(here)}`), 'tls')
    place = to(there)
    await expect(attempt(dns({ server: here }))).rejects.toMatchObject({ code: 'see-other-host' })
    expect([here.peers.length, there.peers.length]).toEqual([1, 1])
  })

  test.each(['', 'http://evil.net/', 'a b', '[::1', ':0'])('junk (%j) is a fault like any other', async (junk) => {
    await using next = await serve(good, 'tls')
    await using here = await serve(sorry('see-other-host', junk), 'tls')
    const endpoint = await endpointOf(dns({ server: here }, { server: next, priority: 1 }))
    expect(endpoint).toBe(`xmpps://node.example.org:${portOf(next)}`)
  })
})

describe('S-028 a location named by the server (XEP-0198 §5)', () => {
  test('is tried first', async () => {
    await using there = await serve(good, 'tls')
    await using usual = await serve(good, 'tls')
    const hints = { preferred: to(there) }
    expect(await endpointOf(dns({ server: usual }), { hints })).toBe(`xmpps://${to(there)}`)
    expect(usual.peers).toHaveLength(0)
  })

  test('another server there is not logged in to, and the usual one is found', async () => {
    const evil = authority.certificate({ names: ['evil.net', '127.0.0.1'] })
    for (const kind of ['tls', 'tcp'] as const) {
      await using there = await serve((peer) => peer.secured(), kind, evil)
      await using usual = await serve(good, 'tls')
      const hints = { preferred: to(there, 'evil.net') }
      expect(await endpointOf(dns({ server: usual }), { hints })).toBe(`xmpps://node.example.org:${portOf(usual)}`)
      for (const { received } of there.peers) expectAnonymous(received)
    }
  })

  test('an error there is not the one that is reported', async () => {
    const evil = authority.certificate({ names: ['evil.net', '127.0.0.1'] })
    await using there = await serve((peer) => peer.secured(), 'tls', evil)
    await using usual = await serve(sorry('system-shutdown'), 'tls')
    const outcome = attempt(dns({ server: usual }), { hints: { preferred: to(there, 'evil.net') } })
    await expect(outcome).rejects.toMatchObject({ code: 'system-shutdown', retry: 'backoff' })
  })

  test.each(['', 'evil net', 'a:0'])('junk (%j) is ignored', async (preferred) => {
    await using usual = await serve(good, 'tls')
    expect(await endpointOf(dns({ server: usual }), { hints: { preferred } })).toMatch(/^xmpps:\/\/node/)
    expect(usual.peers[0]?.received).not.toContain(password)
  })
})
