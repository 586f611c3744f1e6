import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { testAuthority } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { secure } from './handshake.js'
import { SocketConnection } from './socket-connection.js'

const authority = testAuthority()
const open: { destroy(): void }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.destroy()
})

/** A connection and the server's end of it. */
async function pair() {
  const server = createServer({ noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[peer]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(socket, 'connect')])
  server.close()
  peer.on('error', () => {})
  const connection = new SocketConnection(socket, 'xmpp://test', { domain: 'example.org', ca: authority.ca })
  open.push(connection, peer)
  return { connection, socket, peer }
}

/** Listens; `seen` has the text so far, `until` waits for more. */
function collect(connection: SocketConnection) {
  const chunks: Buffer[] = []
  const closed = vi.fn()
  let wake: () => void = () => {}
  const ended = new Promise<void>((resolve) => {
    connection.listen({
      data: (chunk) => {
        chunks.push(chunk as Buffer)
        wake()
      },
      closed: (error) => {
        closed(error)
        resolve()
      },
    })
  })
  const seen = (): string => Buffer.concat(chunks).toString()
  const until = async (text: string): Promise<void> => {
    while (!seen().includes(text)) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { seen, until, closed, ended }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('SocketConnection', () => {
  test('what is written in one turn leaves in one write', async () => {
    const { connection, socket, peer } = await pair()
    const write = vi.spyOn(socket, 'write')
    connection.write('<a/>')
    connection.write('<b/>')
    await Promise.resolve().then(() => connection.write('<c/>'))
    expect([write.mock.calls.length, connection.buffered]).toEqual([0, 12])
    const [data] = await once(peer, 'data')
    expect(String(data)).toBe('<a/><b/><c/>')
    expect(write).toHaveBeenCalledOnce()
    connection.write('<d/>')
    expect(String((await once(peer, 'data'))[0])).toBe('<d/>')
    expect(write).toHaveBeenCalledTimes(2)
  })

  test('what came before somebody listened is delivered then', async () => {
    const { connection, peer } = await pair()
    peer.write('early')
    await turn()
    const { until } = collect(connection)
    await until('early')
  })

  test('R-040 drained resolves when the peer has read', async () => {
    const { connection, peer } = await pair()
    await connection.drained()
    connection.write('x'.repeat(8_000_000))
    await turn()
    let drained = false
    const waiting = connection.drained().then(() => {
      drained = true
    })
    await turn()
    expect([drained, connection.buffered > 65_536]).toEqual([false, true])
    peer.resume()
    await waiting
    expect(connection.buffered).toBeLessThanOrEqual(65_536)
  })

  test('drained resolves when the connection is gone', async () => {
    const { connection } = await pair()
    connection.write('x'.repeat(8_000_000))
    await turn()
    const waiting = connection.drained()
    connection.destroy()
    await waiting
  })

  test('pause stops reading', async () => {
    const { connection, peer } = await pair()
    const { seen, until } = collect(connection)
    connection.pause(true)
    peer.write('late')
    await turn()
    await turn()
    expect(seen()).toBe('')
    connection.pause(false)
    await until('late')
  })

  test('end sends what was written, and closes when the peer does', async () => {
    const { connection, peer } = await pair()
    const { ended, closed } = collect(connection)
    connection.write('bye')
    connection.end()
    expect(String((await once(peer, 'data'))[0])).toBe('bye')
    await ended
    expect(closed.mock.calls).toEqual([[undefined]])
  })

  test('closed is told once, whoever ended it, and to who listens later', async () => {
    const { connection, peer } = await pair()
    const { ended, closed } = collect(connection)
    peer.resetAndDestroy()
    await ended
    connection.destroy()
    connection.end()
    connection.write('lost')
    await turn()
    expect(closed.mock.calls.map(([error]) => (error as { code?: string }).code)).toEqual(['ECONNRESET'])
    const late = vi.fn()
    connection.listen({ data: () => {}, closed: late })
    expect(late).toHaveBeenCalledOnce()
  })

  test('nothing is written after destroy', async () => {
    const { connection, socket } = await pair()
    const write = vi.spyOn(socket, 'write')
    const { ended } = collect(connection)
    connection.write('lost')
    connection.destroy()
    await ended
    expect(write).not.toHaveBeenCalled()
  })

  test('S-017 a server that answers with a protocol that was not offered', async () => {
    const { socket, peer } = await pair()
    const server = createTlsServer({
      ...authority.certificate({ names: ['example.org'] }),
      ALPNProtocols: ['http/1.1'],
    })
    server.emit('connection', peer)
    // OpenSSL's servers only choose what was offered, so what was offered is changed behind its back.
    const offered = ['http/1.1']
    const tls = secure(socket, { domain: 'example.org', ca: authority.ca }, new AbortController().signal, {
      protocols: offered,
    })
    offered[0] = 'xmpp-client'
    await expect(tls).rejects.toMatchObject({ name: 'ConnectionError', phase: 'tls', code: 'tls-failed' })
    expect(socket.destroyed).toBe(true)
  })

  describe('startTls', () => {
    const { signal } = new AbortController()

    /** The server's side of a TLS connection on a socket that exists. */
    const accept = (peer: Socket): Promise<Socket> =>
      new Promise((resolve) => {
        const server = createTlsServer(authority.certificate({ names: ['example.org'] }), (tls) => {
          open.push(tls)
          resolve(tls)
        })
        server.emit('connection', peer)
      })

    test('goes on in TLS: what was written leaves before, the listener stays', async () => {
      const { connection, peer } = await pair()
      const { until, ended, closed } = collect(connection)
      connection.write('<starttls/>')
      expect(String((await once(peer, 'data'))[0])).toBe('<starttls/>')
      const [tls] = await Promise.all([accept(peer), connection.startTls(signal)])
      expect([connection.secure, connection.channelBindings[0]?.type]).toEqual([true, 'tls-exporter'])
      tls.write('secret')
      await until('secret')
      connection.write('answer')
      expect(String((await once(tls, 'data'))[0])).toBe('answer')
      tls.end()
      await ended
      expect(closed).toHaveBeenCalledOnce()
    })

    test('R-007 does not begin when the signal has aborted', async () => {
      const { connection, peer } = await pair()
      const { ended } = collect(connection)
      await expect(connection.startTls(AbortSignal.abort('enough'))).rejects.toBe('enough')
      peer.resume()
      await Promise.all([ended, once(peer, 'close')])
    })

    test('destroyed in the middle, it rejects, tells the listener, and leaves nothing open', async () => {
      const { connection, peer } = await pair()
      const { ended, closed } = collect(connection)
      const upgrade = connection.startTls(signal)
      const verdict = expect(upgrade).rejects.toMatchObject({ name: 'ConnectionError', phase: 'tls' })
      await once(peer, 'data')
      connection.write('in the clear?')
      await turn()
      connection.destroy()
      await Promise.all([verdict, ended, once(peer, 'close')])
      expect(closed).toHaveBeenCalledOnce()
    })

    test('nothing is said in the clear during the handshake', async () => {
      const { connection, peer } = await pair()
      collect(connection)
      const upgrade = connection.startTls(signal)
      upgrade.catch(() => {})
      const received: Buffer[] = []
      peer.on('data', (chunk) => received.push(chunk))
      await once(peer, 'data')
      connection.write('in the clear?')
      connection.end()
      await once(peer, 'end')
      expect(Buffer.concat(received).includes('in the clear?')).toBe(false)
    })
  })
})
