import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Connection, ConnectionListener } from '@couplet/client'
import { type CertificateOptions, testAuthority } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type BoshOptions, bosh } from '../src/bosh.js'
import { openFetch } from '../src/open-fetch-node.js'
import { body, closeFrame, created, featuresFrame, openFrame } from './scripted-manager.js'

const authority = testAuthority()
const { ca } = authority
const servers: Server[] = []
const sockets = new Set<Socket>()

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  for (const server of servers.splice(0)) server.close()
})

/** One request at the server. */
interface Asked {
  readonly request: IncomingMessage
  readonly text: string
  readonly response: ServerResponse
}

/** A connection manager over https whose answers the test writes. */
async function listen(certificate: CertificateOptions = { names: ['127.0.0.1'] }) {
  const server = createServer(authority.certificate(certificate)).on('tlsClientError', () => {})
  const waiting: Asked[] = []
  let wake = (): void => {}
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    waiting.push({ request, text: await text(request), response })
    wake()
  })
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})))
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const next = async (): Promise<Asked> => {
    while (waiting.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return waiting.shift() as Asked
  }
  return { server, next, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/http-bind` }
}

const connect = (service: string, options: BoshOptions = {}): Promise<Connection> =>
  bosh({ ca, ...options }).connect({
    domain: 'example.org',
    service: new URL(service),
    signal: new AbortController().signal,
  })

/** Listens; frames and the end can be waited for. */
function watch(connection: Connection) {
  const frames: unknown[] = []
  const closed = vi.fn<ConnectionListener['closed']>()
  const ended = new Promise<Error | undefined>((resolve) => {
    connection.listen({
      data: (frame) => frames.push(frame),
      closed: (error) => {
        closed(error)
        resolve(error)
      },
    })
  })
  return { frames, closed, ended }
}

const ridOf = ({ text }: Asked): number => Number(/ rid='(\d+)'/.exec(text)?.[1])
const openAnswer = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' version='1.0'/>"

describe('BOSH over https', () => {
  test('a session from its creation to its end', async () => {
    const { next, url } = await listen()
    const connection = await connect(url)
    const { frames, closed, ended } = watch(connection)
    connection.write(openFrame)
    const creation = await next()
    const { method, headers } = creation.request
    expect([method, headers['content-type'], headers['content-length']]).toEqual([
      'POST',
      'text/xml; charset=utf-8',
      String(Buffer.byteLength(creation.text)),
    ])
    for (const name of ['transfer-encoding', 'cookie', 'accept-encoding']) expect(headers).not.toHaveProperty(name)
    creation.response.end(created("from='example.org'"))
    const held = await next()
    connection.write("<message xmlns='jabber:client'><body>ö 🌹</body></message>")
    const second = await next()
    expect(second.text).toContain('ö 🌹')
    expect([ridOf(held), ridOf(second)]).toEqual([ridOf(creation) + 1, ridOf(creation) + 2])
    second.response.end(body('', "<message xmlns='jabber:client' id='2'/>"))
    await once(second.response, 'close')
    held.response.end(body('', "<message xmlns='jabber:client' id='1'/>"))
    const poll = await next()
    expect(frames.splice(0)).toEqual([
      openAnswer,
      featuresFrame,
      "<message xmlns='jabber:client' id='1'/>",
      "<message xmlns='jabber:client' id='2'/>",
    ])
    connection.write(closeFrame)
    const last = await next()
    expect(last.text).toContain("type='terminate'")
    poll.response.end(body())
    last.response.end(body("type='terminate'"))
    expect(await ended).toBeUndefined()
    expect([frames, closed.mock.calls.length]).toEqual([[closeFrame], 1])
    await Promise.all([...sockets].map((socket) => socket.closed || once(socket, 'close')))
  })

  test('a broken connection: the same request comes again', async () => {
    const { next, url } = await listen()
    const connection = await connect(url)
    const { frames } = watch(connection)
    connection.write(openFrame)
    ;(await next()).response.end(created())
    const held = await next()
    held.request.socket.destroy()
    const again = await next()
    expect(again.text).toBe(held.text)
    again.response.writeHead(200, { 'Content-Length': 1000 }).write('<body')
    again.request.socket.destroySoon()
    const third = await next()
    expect(third.text).toBe(held.text)
    third.response.end(body('', "<x xmlns='x'/>"))
    expect(ridOf(await next())).toBe(ridOf(held) + 1)
    expect(frames.at(-1)).toBe("<x xmlns='x'/>")
    connection.destroy()
  })

  test('destroy closes the TCP connections of requests that are held', async () => {
    const { next, url } = await listen()
    const connection = await connect(url)
    const { closed } = watch(connection)
    connection.write(openFrame)
    ;(await next()).response.end(created())
    const held = await next()
    const gone = once(held.request.socket, 'close')
    connection.destroy()
    expect(closed.mock.calls).toEqual([[undefined]])
    await gone
  })

  test.each<[string, CertificateOptions, string]>([
    ['for another name', { names: ['example.org'] }, 'certificate-name'],
    ['that is expired', { names: ['127.0.0.1'], expired: true }, 'certificate-expired'],
    ['that vouches for itself', { names: ['127.0.0.1'], selfSigned: true }, 'certificate-untrusted'],
  ])('a certificate %s', async (_, certificate, code) => {
    const { url } = await listen(certificate)
    const connection = await connect(url)
    const { ended } = watch(connection)
    connection.write(openFrame)
    expect(await ended).toMatchObject({ name: 'ConnectionError', phase: 'tls', code, retry: 'user' })
  })

  test('an authority that is not trusted, whatever the environment says', async () => {
    const { url } = await listen()
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const connection = await connect(url, { ca: testAuthority().ca })
    const { ended } = watch(connection)
    connection.write(openFrame)
    expect(await ended).toMatchObject({ phase: 'tls', code: 'certificate-untrusted' })
    vi.unstubAllEnvs()
  })

  test('Node’s own fetch, which trusts nobody here, says so too', async () => {
    const { url } = await listen()
    const connection = await connect(url, { fetch: (...args) => fetch(...args) })
    const { ended } = watch(connection)
    connection.write(openFrame)
    expect(await ended).toMatchObject({ phase: 'tls', code: 'certificate-untrusted' })
  })

  test('nothing listens; a redirect, which is not followed', async () => {
    const nobody = await connect('https://127.0.0.1:1/')
    const refused = watch(nobody).ended
    nobody.write(openFrame)
    expect(await refused).toMatchObject({ phase: 'tcp', code: 'refused' })

    const { next, url, server } = await listen()
    for (const options of [{}, { fetch: openFetch({ ca }).fetch }]) {
      const connection = await connect(url, options)
      const { ended } = watch(connection)
      connection.write(openFrame)
      ;(await next()).response.writeHead(307, { Location: url }).end()
      expect(await ended).toMatchObject({ code: 'unreachable' })
    }
    expect(server.listening).toBe(true)
  })

  test('a response without an end is cut off', async () => {
    const { next, url } = await listen()
    const connection = await connect(url)
    const { ended } = watch(connection)
    connection.write(openFrame)
    const { request, response } = await next()
    const gone = new Promise((resolve) => request.socket.once('close', resolve))
    response.on('error', () => {})
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(65_536)));
    }
    response.on('drain', more)
    more()
    expect(await ended).toMatchObject({ name: 'ConnectionError', code: 'unexpected-element' })
    await gone
  })
})
