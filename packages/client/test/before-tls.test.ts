import { type Script, scriptedServer } from '@couplet/testing'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { account, attackLogin, expectAnonymous, letGo, victim, warmUp } from './victim.js'

const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const proceed = `<proceed xmlns='${NS_TLS}'/>`
const saslOnly = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism><mechanism>PLAIN</mechanism></mechanisms>`
const boss = `<message from='boss@example.org' to='u@example.org'><body>x</body></message>`

/** Header and features, until the client asks for TLS. */
const askedForTls =
  (then: Script, features = `<starttls xmlns='${NS_TLS}'/>`): Script =>
  async (peer) => {
    await peer.streamHeader()
    await peer.offer(features)
    await peer.expectElement(NS_TLS, 'starttls')
    await then(peer)
  }

const untilStartTls =
  (...how: Parameters<typeof askedForTls>): Script =>
  async (peer) => {
    await askedForTls(...how)(peer)
    await letGo(peer)
  }

const T0 = (script: Script) => scriptedServer(script, { transport: 'tcp', ...account })

beforeAll(warmUp)

describe('Setup T0: TCP, before TLS', () => {
  test('S-001 STARTTLS stripped: it is asked for all the same, and nothing else is said', async () => {
    const refuse = untilStartTls((peer) => peer.send(`<failure xmlns='${NS_TLS}'/></stream:stream>`), saslOnly)
    await using server = await T0(refuse)
    const verdict = { name: 'ConnectionError', phase: 'tls', code: 'tls-required', terminal: true }
    expectAnonymous(await attackLogin(server, verdict))
  })

  test('S-001 STARTTLS stripped, and the request is answered with more mechanisms', async () => {
    await using server = await T0(untilStartTls((peer) => peer.offer(saslOnly), saslOnly))
    const received = await attackLogin(server, { phase: 'tls', code: 'unexpected-element', terminal: false })
    expectAnonymous(received)
    expect(received).toContain('<policy-violation')
  })

  test('S-043 PLAIN is all there is, and is allowed: not in the clear', async () => {
    const plain = saslOnly.replace(/<mechanism>SCRAM.*?<\/mechanism>/, '')
    await using server = await T0(untilStartTls((peer) => peer.send(`<failure xmlns='${NS_TLS}'/>`), plain))
    const password = vi.fn(() => 'p')
    const verdict = { code: 'tls-required', terminal: true }
    expectAnonymous(await attackLogin(server, verdict, { password, dangerouslyAllowPlain: true }))
    expect(password).not.toHaveBeenCalled()
  })

  test('S-002 STARTTLS refused', async () => {
    await using server = await T0(untilStartTls((peer) => peer.send(`<failure xmlns='${NS_TLS}'/></stream:stream>`)))
    expectAnonymous(await attackLogin(server, { phase: 'tls', code: 'tls-required', terminal: true }))
  })

  test.each([
    ['S-004 a stanza', proceed + boss],
    ['S-004 white space', `${proceed} `],
    ['S-005 half an element', `${proceed}<stream:features><mechanisms><mechanism>PLAIN`],
    ['S-005 a start tag', `${proceed}<stream:features>`],
    ['S-005 half a tag', `${proceed}<stream:fea`],
    ['S-005 half a character', Buffer.concat([Buffer.from(proceed), Buffer.of(0xe2, 0x82)])],
    ['S-004 the end of the stream', `${proceed}</stream:stream>`],
  ])('%s behind <proceed/> in the same segment', async (_, segment) => {
    await using server = await T0(untilStartTls((peer) => peer.send(segment)))
    const received = await attackLogin(server, { phase: 'tls', code: 'tls-required', terminal: true })
    expectAnonymous(received)
    expect(received).not.toContain('\x16\x03') // a TLS record with a ClientHello
  })

  test('S-005 what comes in the clear after <proceed/> is not TLS', async () => {
    const inject: Script = async (peer) => {
      await peer.send(proceed)
      await peer.send(boss)
    }
    await using server = await T0(untilStartTls(inject))
    const { error } = await victim(server).failure
    expect(error).toMatchObject({ name: 'ConnectionError', phase: 'tls' })
    expectAnonymous(server.peers[0]?.received ?? '')
  })

  test.each([
    ['a message', boss],
    ['a presence', `<presence from='boss@example.org'/>`],
    ['a success', `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`],
    ['a proceed', proceed],
    ['text', 'x<presence/>'],
  ])('S-007 %s before the features', async (_, element) => {
    const script: Script = async (peer) => {
      await peer.streamHeader()
      await peer.send(element)
      await letGo(peer)
    }
    await using server = await T0(script)
    const received = await attackLogin(server, { terminal: false })
    expectAnonymous(received)
    expect(received).toMatch(/<stream:error>.*<\/stream:error><\/stream:stream>$/)
  })

  test.each([
    ['S-025 see-other-host', 'see-other-host', '>evil.net:5222</see-other-host>', false],
    ['host-unknown', 'host-unknown', '/>', true],
  ])('%s is an error of this server, and nothing is followed', async (_, condition, rest, terminal) => {
    const script: Script = async (peer) => {
      await peer.streamHeader()
      await peer.send(`<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'${rest}</stream:error>`)
      await peer.close()
    }
    await using server = await T0(script)
    expectAnonymous(await attackLogin(server, { name: 'StreamError', code: condition, terminal }))
  })

  test.each([
    ['S-032 from another server', { from: 'evil.net' }, 'invalid-from', false],
    ['S-032 without a version', { version: undefined }, 'unsupported-version', true],
    ['S-032 with version 0.9', { version: '0.9' }, 'unsupported-version', true],
  ])('%s', async (_, attributes, code, terminal) => {
    const script: Script = async (peer) => {
      await peer.streamHeader(attributes)
      await peer.offer(`<starttls xmlns='${NS_TLS}'/>`)
      await letGo(peer)
    }
    await using server = await T0(script)
    const received = await attackLogin(server, { name: 'StreamError', code, terminal })
    expectAnonymous(received)
    expect(received).toContain(`<${code} `)
  })

  test.each([
    ['S-069 a document type', '<!DOCTYPE x [<!ENTITY a "aaaa">]><stream:stream>', 'restricted-xml'],
    ['S-069 a document type, not even complete', '<!D', 'restricted-xml'],
    ['another root', `<html xmlns='jabber:client'>`, 'invalid-namespace'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'not-well-formed'],
  ])('%s instead of a stream header', async (_, bytes, code) => {
    const script: Script = async (peer) => {
      await peer.expect(/<stream:stream/)
      await peer.send(bytes)
      await letGo(peer)
    }
    await using server = await T0(script)
    expectAnonymous(await attackLogin(server, { name: 'StreamError', code, terminal: false }))
  })

  test('S-204 a connection that fails without anyone listening hurts nobody', async () => {
    await using server = await T0((peer) => peer.destroy())
    const { error } = await victim(server).failure
    expect(error).toMatchObject({ name: 'ConnectionError', retry: 'backoff' })
  })
})

describe('S-093 R-006 a server that falls silent', () => {
  const silent: readonly [string, string, number, 'tcp' | 'memory', Script][] = [
    [
      'in its header',
      'stream',
      15_000,
      'tcp',
      async (peer) => {
        await peer.expect(/<stream:stream/)
        await peer.send('<stream:strea')
      },
    ],
    ['before the features', 'stream', 15_000, 'memory', async (peer) => void (await peer.streamHeader())],
    ['before <proceed/>', 'tls', 15_000, 'tcp', askedForTls(() => {})],
    [
      'in the TLS handshake',
      'tls',
      15_000,
      'tcp',
      askedForTls(async (peer) => {
        await peer.send(proceed)
        await peer.expect(/\x16\x03/) // the ClientHello
      }),
    ],
    [
      'before the challenge',
      'sasl',
      30_000,
      'memory',
      async (peer) => {
        await peer.streamHeader()
        await peer.offer(saslOnly)
        await peer.expect(/<auth/)
      },
    ],
    [
      'before the resource',
      'bind',
      15_000,
      'memory',
      async (peer) => {
        await peer.login()
        await peer.streamHeader()
        await peer.offer(`<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`)
        await peer.expect(/<bind/)
      },
    ],
  ]
  test.each(silent)('%s', async (_, phase, limit, transport, script) => {
    let stalled: () => void = () => {}
    const stall = new Promise<void>((resolve) => {
      stalled = resolve
    })
    const played: Script = async (peer) => {
      const done = Promise.resolve(script(peer)).then(stalled)
      await Promise.all([done, letGo(peer)])
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      await using server = await scriptedServer(played, { transport, ...account })
      const { client, failure } = victim(server)
      await stall
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
      await vi.advanceTimersByTimeAsync(limit - 1)
      expect(client.status).toEqual({ state: 'connecting' })
      await vi.advanceTimersByTimeAsync(1)
      await vi.advanceTimersByTimeAsync(1000) // for the end of the stream
      const { error } = await failure
      expect(error).toMatchObject({ name: 'ConnectionError', phase, code: 'timeout' })
      await server.peers[0]?.closed
      await client.close()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})
