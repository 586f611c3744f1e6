import { afterEach, describe, expect, test } from 'vitest'
import { connectRaw, connectRawTls, header, type RawClient } from '../../test/raw-client.js'
import { greeted, headerFrom, sasl2 } from '../../test/raw-sasl2.js'
import type { LoopbackOptions } from './loopback-options.js'
import { type LoopbackServer, startLoopback } from './loopback-server.js'

const ns = `xmlns='urn:xmpp:sasl:2'`
const bind = (content = ''): string => `<bind xmlns='urn:xmpp:bind:0'>${content}</bind>`

let server: LoopbackServer
const start = async (options: LoopbackOptions = {}): Promise<void> => {
  server = await startLoopback({ users: { alice: 'pw', bob: 'pw' }, ...options })
}
afterEach(() => server.stop())

const features = (client: RawClient): Promise<RegExpExecArray> =>
  client.until(/<stream:features>(.*?)<\/stream:features>/)

describe('SASL2 (XEP-0388)', () => {
  test('is offered beside SASL, with what can be done inline', async () => {
    await start()
    const [, offer] = await greeted(server.transport())
    expect(offer).toContain(`<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>`)
    const [authentication = ''] = /<authentication .*<\/authentication>/.exec(offer) ?? []
    expect(authentication).toContain('<mechanism>SCRAM-SHA-512</mechanism>')
    expect(authentication).toMatch(/<inline>.*<sm xmlns='urn:xmpp:sm:3'\/>.*<\/inline>/)
    for (const name of ['urn:xmpp:carbons:2', 'urn:xmpp:csi:0', 'urn:xmpp:sm:3']) {
      expect(authentication).toContain(`<feature var='${name}'/>`)
    }
    expect(authentication).not.toContain('PLAIN')
  })

  test.each([
    [{ legacy: true }, /urn:xmpp:sasl:2/],
    [{ bind2: false }, /urn:xmpp:bind:0/],
    [{ management: false }, /urn:xmpp:sm:3/],
    [{ fast: false }, /urn:xmpp:fast:0/],
  ] as const)('%j switches it off', async (options, pattern) => {
    await start(options)
    expect((await greeted(server.transport()))[1]).not.toMatch(pattern)
  })

  test('a server of old does not know it', async () => {
    await start({ legacy: true })
    const [client] = await greeted(server.transport())
    client.write(`<authenticate ${ns} mechanism='SCRAM-SHA-1'/>`)
    expect(await client.untilClosed()).toContain('<not-authorized')
  })

  test('the stream goes on after success, and features follow', async () => {
    await start()
    const [client] = await greeted(server.transport())
    expect(await sasl2(client)).toBe('<authorization-identifier>alice@example.org</authorization-identifier>')
    expect((await features(client))[1]).toMatch(/<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'\/>.*<sm /)
    client.write(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>`,
    )
    await client.until(/<jid>alice@example.org\/r</)
    await client.settled()
  })

  test.each([['SCRAM-SHA-1'], ['SCRAM-SHA-512'], ['PLAIN']])('%s: who fails may try again', async (mechanism) => {
    await start({ allowPlain: true })
    const [client] = await greeted(server.transport())
    expect(await sasl2(client, { mechanism, password: 'wrong' })).toBe('failure not-authorized')
    expect(await sasl2(client, { mechanism, user: 'nobody' })).toBe('failure not-authorized')
    expect(await sasl2(client, { mechanism })).toContain('alice@example.org')
    expect(server.sessions).toEqual([])
  })

  test('nobody acts as somebody else', async () => {
    await start({ allowPlain: true })
    const [client] = await greeted(server.transport())
    const plain = (authzid: string): string => {
      const initial = Buffer.from(`${authzid}\0alice\0pw`).toString('base64')
      return `<authenticate ${ns} mechanism='PLAIN'><initial-response>${initial}</initial-response></authenticate>`
    }
    client.write(plain('bob@example.org'))
    await client.until(/<failure [^>]*><invalid-authzid/)
    client.write(plain('alice@example.org'))
    await client.until(/<success /)
  })

  test('is the same where there are frames (RFC 7395)', async () => {
    await start()
    const client = await connectRaw(server.transport({ framed: true }))
    client.write(
      `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='alice@example.org' to='example.org' version='1.0'/>`,
    )
    await client.until(/<fast .*<\/stream:features>/)
    expect(await sasl2(client, { inline: bind() })).toContain('<bound ')
    await client.until(/<stream:features .*<\/stream:features>/)
    client.write(`<presence xmlns='jabber:client'/>`)
    await client.until(/<presence /)
  })

  test('binds the channel over TLS', async () => {
    await start()
    const [client, socket] = await connectRawTls((await server.listen({ tls: true })).tls, server.ca)
    client.write(headerFrom())
    const [, offer] = await features(client)
    expect(offer).toMatch(/<sasl-channel-binding .*<authentication .*<mechanism>SCRAM-SHA-256-PLUS</)
    expect(await sasl2(client, { mechanism: 'SCRAM-SHA-256-PLUS', socket })).toContain('alice@example.org')
    socket.destroy()
  })

  test.each([
    [`<authenticate ${ns}/>`, 'malformed-request'],
    [`<authenticate ${ns} mechanism='X'/>`, 'invalid-mechanism'],
    [
      `<authenticate ${ns} mechanism='SCRAM-SHA-1'><initial-response>!</initial-response></authenticate>`,
      'malformed-request',
    ],
    [`<response ${ns}>AAAA</response>`, 'malformed-request'],
    [`<authenticate ${ns} mechanism='SCRAM-SHA-1'/><abort ${ns}/>`, 'aborted'],
    [`<authenticate ${ns} mechanism='SCRAM-SHA-1'/>`.repeat(2), 'malformed-request'],
  ])('%s fails with %s', async (text, condition) => {
    await start()
    const [client] = await greeted(server.transport())
    client.write(text)
    expect((await client.until(/<failure xmlns='urn:xmpp:sasl:2'><([a-z-]+) xmlns='urn:ietf:/))[1]).toBe(condition)
  })

  test('may come right behind the header', async () => {
    await start()
    const client = await connectRaw(server.transport())
    client.write(`${headerFrom()}<authenticate ${ns} mechanism='SCRAM-SHA-1'/>`)
    await client.until(/<\/stream:features><challenge xmlns='urn:xmpp:sasl:2'\/>/)
  })

  test.each([
    ['something else during the exchange', `<authenticate ${ns} mechanism='SCRAM-SHA-1'/><presence/>`],
    [
      'the other profile during the exchange',
      `<authenticate ${ns} mechanism='SCRAM-SHA-1'/><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'/>`,
    ],
  ])('%s ends the stream', async (_what, text) => {
    await start()
    const [client] = await greeted(server.transport())
    client.write(text)
    expect(await client.untilClosed()).toContain('<stream:error>')
  })

  test('a second login ends the stream', async () => {
    await start()
    const [client] = await greeted(server.transport())
    await sasl2(client)
    client.write(`<authenticate ${ns} mechanism='SCRAM-SHA-1'/>`)
    expect(await client.untilClosed()).toContain('<stream:error>')
  })

  test('who fails too often is thrown out', async () => {
    await start()
    const [client] = await greeted(server.transport())
    client.write(`<abort ${ns}/>`.repeat(5))
    expect(await client.untilClosed()).toContain('<policy-violation')
  })

  test('a client of another domain ends the stream', async () => {
    await start()
    const client = await connectRaw(server.transport())
    client.write(header().replace("to='", "from='alice@example.com' to='"))
    expect(await client.untilClosed()).toContain('<invalid-from')
  })

  test('what is lost on the way to the success is lost with it', async () => {
    await start()
    const [client] = await greeted(server.transport())
    const outcome = sasl2(client, { inline: bind() })
    server.drop()
    await expect(outcome).rejects.toThrow('closed')
    expect(server.sessions).toEqual([])
  })
})

describe('limits (XEP-0478)', () => {
  test('are announced and enforced', async () => {
    await start({ streamLimits: { maxBytes: 10_000, idleSeconds: 600 } })
    const [client, offer] = await greeted(server.transport())
    const limits = `<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes><idle-seconds>600</idle-seconds></limits>`
    expect(offer).toContain(limits)
    await sasl2(client, { inline: bind() })
    expect((await features(client))[1]).toContain(limits)
    client.write(`<message to='bob@example.org'><body>${'x'.repeat(9000)}</body></message>`)
    await client.settled()
    client.write(`<message to='bob@example.org'><body>${'x'.repeat(10_000)}</body></message>`)
    expect(await client.untilClosed()).toContain('<policy-violation')
  })

  test('are not spoken of otherwise', async () => {
    await start()
    expect((await greeted(server.transport()))[1]).not.toContain('stream-limits')
  })
})
