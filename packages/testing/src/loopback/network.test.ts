import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectRawStartTls, connectRawTls, header, RawClient } from '../../test/raw-client.js'
import { startLoopback } from './loopback-server.js'

const users = { alice: 'pw' }

describe('over the network', () => {
  test('TCP offers nothing but STARTTLS, and then TLS with channel binding', async () => {
    await using server = await startLoopback({ users })
    const services = await server.listen({ tcp: true })
    expect(services.tcp?.protocol).toBe('xmpp:')
    const [client, socket, before] = await connectRawStartTls(services.tcp, server.ca)
    expect(before).toContain(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>`)
    expect(before).not.toContain('mechanism')
    client.write(header())
    await client.until(/<mechanism>SCRAM-SHA-256-PLUS<.*<channel-binding type='tls-exporter'\/>.*<\/stream:features>/)
    expect(await client.login('alice', 'pw', 'SCRAM-SHA-256-PLUS', socket)).toBe('success')
  })

  test('before TLS there is no login', async () => {
    await using server = await startLoopback({ users })
    const { tcp } = await server.listen({ tcp: true })
    const socket = connect({ port: Number(tcp?.port), host: '127.0.0.1' })
    const client = new RawClient((text) => socket.write(text))
    socket.on('data', (chunk) => client.take(chunk.toString()))
    socket.on('close', () => client.end())
    client.write(`${header()}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>AAAA</auth>`)
    expect(await client.untilClosed()).toContain('<not-authorized')
  })

  test('direct TLS takes a client online', async () => {
    await using server = await startLoopback({ users })
    const { tls } = await server.listen({ tls: true })
    expect(tls?.protocol).toBe('xmpps:')
    const [client, socket] = await connectRawTls(tls, server.ca)
    expect(socket.alpnProtocol).toBe('xmpp-client')
    expect(await client.online('alice', 'r')).toBe('alice@example.org/r')
    client.write('</stream:stream>')
    expect(await client.untilClosed()).toBe('</stream:stream>')
  })

  test('another channel than the one that was bound is refused', async () => {
    await using server = await startLoopback({ users })
    const { tls } = await server.listen({ tls: true })
    const [client] = await connectRawTls(tls, server.ca)
    const [, other] = await connectRawTls(tls, server.ca)
    client.write(header())
    await client.until(/<\/stream:features>/)
    expect(await client.login('alice', 'pw', 'SCRAM-SHA-1-PLUS', other)).toBe('failure not-authorized')
    other.destroy()
  })

  test('who was told that there is no channel binding was lied to', async () => {
    await using server = await startLoopback({ users })
    const { tls } = await server.listen({ tls: true })
    const [client] = await connectRawTls(tls, server.ca)
    client.write(header())
    const first = Buffer.from('y,,n=alice,r=abc').toString('base64')
    client.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>${first}</auth>`)
    expect((await client.until(/<failure[^>]*><([a-z-]+)/))[1]).toBe('not-authorized')
  })

  test('WebSocket takes the subprotocol and nothing else', async () => {
    await using server = await startLoopback({ users })
    const { websocket } = await server.listen({ websocket: true })
    expect(websocket?.protocol).toBe('wss:')
    const socket = new WebSocket(websocket ?? '', 'xmpp', { ca: server.ca })
    const client = new RawClient((text) => socket.send(text))
    socket.on('message', (data) => client.take(String(data)))
    socket.on('close', () => client.end())
    await once(socket, 'open')
    client.write(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>`)
    await client.until(/<\/stream:features>/)
    expect(await client.login('alice', 'pw')).toBe('success')
    client.write(`<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>`)
    expect(await client.untilClosed()).toContain(`<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>`)
    const wrong = new WebSocket(websocket ?? '', 'chat', { ca: server.ca })
    const [error] = await once(wrong, 'error')
    expect(String(error)).toContain('400')
  })

  test('several listeners at once, and none after the end', async () => {
    await using server = await startLoopback({ users })
    const { tcp, tls } = await server.listen({ tcp: true, tls: true })
    expect(tcp?.port).not.toBe(tls?.port)
    await expect(server.listen({ tcp: true, tls: true, port: 5222 })).rejects.toThrow(TypeError)
    // Neither of them says a word; one of them never even begins with TLS.
    for (const service of [tcp, tls]) {
      const socket = connect({ port: Number(service?.port), host: '127.0.0.1' })
      socket.on('error', () => {})
      await once(socket, 'connect')
    }
    await server.stop()
    const late = connect({ port: Number(tcp?.port), host: '127.0.0.1' })
    const [error] = await once(late, 'error')
    expect((error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED')
  })
})
