import { describe, expect, test } from 'vitest'
import { connectRaw, header } from '../../test/raw-client.js'
import { startLoopback } from './loopback-server.js'

const users = { alice: 'pw', bob: 'pw' }
const open = async (options: Parameters<typeof startLoopback>[0] = {}) => {
  const server = await startLoopback({ users, ...options })
  return { server, client: await connectRaw(server.transport()), [Symbol.asyncDispose]: () => server.stop() }
}
const sasl = `xmlns='urn:ietf:params:xml:ns:xmpp-sasl'`

describe('stream negotiation', () => {
  test.each([
    ['another domain', header('example.com'), 'host-unknown'],
    ['no domain', header().replace(/to='[^']*'/, ''), 'host-unknown'],
    ['version 2', header().replace("version='1.0'>", "version='2.0'>"), 'unsupported-version'],
    ['another root', `<stream xmlns='jabber:client' to='example.org' version='1.0'>`, 'invalid-namespace'],
    ['no XML', 'GET / HTTP/1.1\r\n\r\n', 'not-well-formed'],
    ['a comment', `${header()}<!-- x -->`, 'restricted-xml'],
    ['a stanza', `${header()}<message/>`, 'not-authorized'],
    ['something unknown', `${header()}<enable xmlns='urn:xmpp:sm:3'/>`, 'not-authorized'],
  ])('%s at the beginning ends the stream', async (_what, text, condition) => {
    await using opened = await open()
    opened.client.write(text)
    const received = await opened.client.untilClosed()
    expect(received).toMatch(/^<\?xml version='1.0'\?><stream:stream [^>]*from='example.org'/)
    expect(received).toContain(`<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`.slice(0, -2))
    expect(received).toMatch(/<\/stream:error><\/stream:stream>$/)
  })

  test('a stanza beyond the limits ends the stream', async () => {
    await using opened = await open({ limits: { stanzaBytes: 5000 } })
    await opened.client.online('alice')
    opened.client.write(`<message><body>${'x'.repeat(9000)}`)
    expect(await opened.client.untilClosed()).toContain('<policy-violation')
  })

  test('a client that claims to be somebody else is thrown out', async () => {
    await using opened = await open()
    await opened.client.online('alice', 'r')
    opened.client.write(`<message from='bob@example.org' to='alice@example.org'/>`)
    expect(await opened.client.untilClosed()).toContain('<invalid-from')
  })

  test('an element that is no stanza ends the stream', async () => {
    await using opened = await open()
    await opened.client.online('alice')
    opened.client.write('<news/>')
    expect(await opened.client.untilClosed()).toContain('<unsupported-stanza-type')
  })

  test('a stanza before a resource is bound ends the stream', async () => {
    await using opened = await open()
    const { client } = opened
    client.write(header())
    await client.until(/<\/stream:features>/)
    await client.login('alice', 'pw')
    client.write(`${header()}<message to='bob@example.org'/>`)
    expect(await client.untilClosed()).toContain('<not-authorized')
  })

  test.each([['SCRAM-SHA-1'], ['SCRAM-SHA-256'], ['SCRAM-SHA-512']])('logs in with %s', async (mechanism) => {
    await using opened = await open()
    opened.client.write(header())
    await opened.client.until(/<\/stream:features>/)
    expect(opened.client.received).toContain(`<mechanism>${mechanism}</mechanism>`)
    expect(opened.client.received).not.toMatch(/PLAIN|PLUS/)
    expect(await opened.client.login('nobody', 'pw', mechanism)).toBe('failure not-authorized')
    expect(await opened.client.login('alice', 'wrong', mechanism)).toBe('failure not-authorized')
    expect(await opened.client.login('alice', 'pw', mechanism)).toBe('success')
  })

  test('PLAIN only where it is allowed', async () => {
    await using opened = await open({ allowPlain: true })
    opened.client.write(header())
    await opened.client.until(/<mechanism>PLAIN<\/mechanism>/)
    expect(await opened.client.login('alice', 'wrong', 'PLAIN')).toBe('failure not-authorized')
    expect(await opened.client.login('alice', 'pw', 'PLAIN')).toBe('success')
  })

  test.each([
    [`<auth ${sasl} mechanism='CRAM-MD5'>AAAA</auth>`, 'invalid-mechanism'],
    [`<auth ${sasl} mechanism='PLAIN'>AAAA</auth>`, 'invalid-mechanism'],
    [`<auth ${sasl} mechanism='SCRAM-SHA-1'>!</auth>`, 'incorrect-encoding'],
    [`<auth ${sasl} mechanism='SCRAM-SHA-1'>AAAA</auth>`, 'malformed-request'],
    [`<response ${sasl}>AAAA</response>`, 'malformed-request'],
    [`<abort ${sasl}/>`, 'aborted'],
    [`<auth ${sasl} mechanism='SCRAM-SHA-1'/><abort ${sasl}/>`, 'aborted'],
  ])('%s fails with %s', async (text, condition) => {
    await using opened = await open()
    opened.client.write(header() + text)
    expect((await opened.client.until(/<failure[^>]*><([a-z-]+)/))[1]).toBe(condition)
  })

  test('a proof for another message is refused', async () => {
    await using opened = await open()
    const { client } = opened
    client.write(header())
    const first = Buffer.from('n,,n=alice,r=abc').toString('base64')
    client.write(`<auth ${sasl} mechanism='SCRAM-SHA-1'>${first}</auth>`)
    const [, challenge = ''] = await client.until(/<challenge[^>]*>([^<]*)/)
    const [, nonce] = /r=([^,]+),s=[^,]+,i=4096$/.exec(Buffer.from(challenge, 'base64').toString()) ?? []
    const final = Buffer.from(`c=biws,r=${nonce},p=${Buffer.alloc(20).toString('base64')}`).toString('base64')
    client.write(`<response ${sasl}>${final}</response>`)
    expect((await client.until(/<failure[^>]*><([a-z-]+)/))[1]).toBe('not-authorized')
  })

  test('who fails too often is thrown out', async () => {
    await using opened = await open()
    opened.client.write(header())
    for (let i = 0; i < 5; i++) opened.client.write(`<abort ${sasl}/>`)
    expect(await opened.client.untilClosed()).toContain('<policy-violation')
  })

  test('a taken resource is exchanged, and an impossible one refused', async () => {
    await using opened = await open()
    const { server } = opened
    const second = await connectRaw(server.transport())
    expect(await opened.client.online('alice', 'home')).toBe('alice@example.org/home')
    const jid = await second.online('alice', 'home')
    expect(jid).toMatch(/^alice@example\.org\/.+/)
    expect(jid).not.toBe('alice@example.org/home')
    expect(server.sessions).toHaveLength(2)
    const third = await connectRaw(server.transport())
    third.write(header())
    await third.until(/<\/stream:features>/)
    await third.login('bob', 'pw')
    const resource = `<resource>${'x'.repeat(1024)}</resource>`
    third.write(
      `${header()}<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${resource}</bind></iq>`,
    )
    await third.until(/<iq [^>]*id='b'[^>]*><error type='modify'><bad-request/)
    expect(server.sessions).toHaveLength(2)
  })

  test('streams close both ways', async () => {
    await using opened = await open()
    const { client, server } = opened
    await client.online('alice')
    client.write('</stream:stream>')
    expect(await client.untilClosed()).toBe('</stream:stream>')
    expect(server.sessions).toEqual([])
    const second = await connectRaw(server.transport())
    await second.online('alice')
    await server.stop()
    expect(second.received).toMatch(/<system-shutdown[^>]*\/><\/stream:error><\/stream:stream>$/)
    await expect(connectRaw(server.transport())).rejects.toMatchObject({ code: 'refused' })
  })

  test('streams of one account can be ended or broken', async () => {
    await using opened = await open()
    const { client, server } = opened
    const other = await connectRaw(server.transport())
    await client.online('alice', 'r')
    await other.online('bob', 'r')
    server.endStreams('conflict', 'alice@example.org')
    expect(await client.untilClosed()).toContain('<conflict')
    server.drop('bob@example.org/r')
    expect(await other.untilClosed()).not.toContain('stream:')
    expect(server.sessions).toEqual([])
  })

  test('each element is a frame where there are frames (RFC 7395)', async () => {
    await using opened = await open()
    const client = await connectRaw(opened.server.transport({ framed: true }))
    client.write(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>`)
    await client.until(/^<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org'/)
    await client.until(/<stream:features xmlns:stream='http:\/\/etherx.jabber.org\/streams'>/)
    await client.login('alice', 'pw')
    client.write(`<message xmlns='jabber:client'/>`)
    expect(await client.untilClosed()).toMatch(
      /<stream:error xmlns:stream=[^>]*><not-authorized.*<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'\/>$/,
    )
  })
})
