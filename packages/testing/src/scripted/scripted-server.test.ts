import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Connection, createClient, type InboundMessage, type Transport } from '@couplet/client'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { PeerClosedError } from './peer-closed-error.js'
import type { ScriptedPeer } from './scripted-peer.js'
import { type Script, scriptedServer } from './scripted-server.js'

const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0'>`

const client = (transport: Transport) =>
  createClient({ jid: 'u@example.org', password: 'p', transports: [transport], reconnect: false })

/** A raw client in memory that collects what it gets. */
async function rawClient(
  transport: Transport,
): Promise<{ connection: Connection; chunks: string[]; closed: Promise<void> }> {
  const connection = await transport.connect({
    domain: 'example.org',
    service: undefined,
    signal: new AbortController().signal,
  })
  const chunks: string[] = []
  const closed = new Promise<void>((resolve) =>
    connection.listen({
      data: (chunk) => chunks.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')),
      closed: () => resolve(),
    }),
  )
  return { connection, chunks, closed }
}

describe('the scripted server', () => {
  test('one line takes a client online', async () => {
    const peers: string[] = []
    await using server = await scriptedServer(async (peer) => {
      peers.push(await peer.online())
      await peer.stanza(`<message from='bob@example.org/x' type='chat'><body>hi</body></message>`)
      await peer.expectElement('jabber:client', 'message')
      await peer.close()
    })
    await using alice = client(server.transport())
    const received = new Promise<InboundMessage>((resolve) => alice.onMessage(resolve))
    await alice.online()
    ;(await received).reply('hello')
    await server.done
    expect(peers).toEqual(['u@example.org/r'])
    expect(server.peers[0]?.received).toContain('<body>hello</body>')
  })

  test('a client that closes is answered when the script is over, or wants it', async () => {
    await using server = await scriptedServer([() => {}, (peer) => peer.online().then(() => peer.closed)])
    const { connection, chunks, closed } = await rawClient(server.transport())
    connection.write(`${header}</stream:stream>`)
    await closed
    expect(chunks).toEqual(['</stream:stream>'])
    const alice = client(server.transport())
    await alice.online()
    await alice.close()
    await server.done
    expect(server.peers[1]?.received).toMatch(/<\/stream:stream>$/)
  })

  test('a script in progress keeps the stream open', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.expect(/<\/stream:stream>/)
      await peer.send('<late/>')
    })
    const { connection, chunks, closed } = await rawClient(server.transport())
    connection.write(`${header}</stream:stream>`)
    await closed
    expect(chunks.join('')).toBe('<late/></stream:stream>')
  })

  test('a wrong password gets what it deserves', async () => {
    await using server = await scriptedServer((peer) => peer.login({ password: 'other' }))
    await using alice = client(server.transport())
    await expect(alice.online()).rejects.toThrow()
    await expect(server.done).rejects.toThrow('not-authorized')
  })

  test('text and elements are taken in turn, each once', async () => {
    const seen: string[] = []
    const script: Script = async (peer) => {
      seen.push((await peer.streamHeader()).attr('to') ?? '')
      seen.push((await peer.expect(/<a n='(\d)'\/>/))[1] ?? '')
      seen.push((await peer.expectElement('jabber:client', 'b')).attr('n') ?? '')
      seen.push((await peer.expectElement('jabber:client', 'a')).attr('n') ?? '')
      const request = await peer.expectRequest('urn:x', 'q')
      await peer.reply(request, '<r/>')
      await peer.reply(request, `<error type='cancel'/>`)
    }
    await using server = await scriptedServer(script)
    const { connection, chunks } = await rawClient(server.transport())
    connection.write(`${header}<a n='1'/><a n='2'/><b n='3'/>`)
    connection.write(`<iq type='get' id='i&amp;1' to='x@y'><q xm`)
    connection.write(`lns='urn:x'/></iq>`)
    await server.done
    connection.end()
    await server.peers[0]?.closed
    expect(seen).toEqual(['example.org', '1', '3', '2'])
    expect(chunks.join('')).toMatch(/^<\?xml.* from='example.org' id='stream-1'/)
    expect(chunks.join('')).toContain(
      `<iq type='result' id='i&amp;1' from='x@y'><r/></iq><iq type='error' id='i&amp;1'`,
    )
  })

  test('a header that restarts the stream is a new document', async () => {
    const headers: (string | undefined)[] = []
    await using server = await scriptedServer(async (peer) => {
      for (let i = 0; i < 3; i++) headers.push((await peer.streamHeader({ from: undefined })).attr('to'))
    })
    const { connection, chunks } = await rawClient(server.transport())
    connection.write(header + header)
    connection.write(header.replace(/^<\?xml.*?>/, ''))
    await server.done
    expect(headers).toEqual(['example.org', 'example.org', 'example.org'])
    connection.end()
    await server.peers[0]?.closed
    expect(chunks.join('')).not.toContain('from=')
  })

  test('every byte can come by itself', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.send('aé', { everyByte: true })
      peer.end()
    })
    const { chunks, closed } = await rawClient(server.transport())
    await closed
    expect(chunks).toEqual(['a', '\xc3', '\xa9'])
  })

  test('connections get their scripts in turn', async () => {
    const order: number[] = []
    const script =
      (n: number): Script =>
      async (peer) => {
        await peer.expect(/x/)
        order.push(n)
        peer.destroy()
      }
    await using server = await scriptedServer([script(1), script(2)])
    for (let i = 0; i < 2; i++) {
      const { connection, closed } = await rawClient(server.transport())
      connection.write('x')
      await closed
    }
    await server.done
    expect(order).toEqual([1, 2])
    expect((await server.peer(1)).received).toBe('x')
    await expect(rawClient(server.transport())).rejects.toMatchObject({ code: 'refused' })
  })

  test('a script that waits in vain fails, and stop says so', async () => {
    const server = await scriptedServer((peer) => peer.expectElement('urn:x', 'never').then(() => {}))
    const { connection } = await rawClient(server.transport())
    connection.end()
    const peer = await server.peer(0)
    await peer.closed
    await expect(server.stop()).rejects.toBeInstanceOf(PeerClosedError)
  })

  test('a script that still waits at the end does not', async () => {
    const server = await scriptedServer((peer) => peer.expectElement('urn:x', 'never').then(() => {}))
    await rawClient(server.transport())
    await server.peer(0)
    await server.stop()
  })

  test('over TCP it upgrades to TLS', async () => {
    const script = async (peer: ScriptedPeer) => {
      await peer.secured()
      await peer.streamHeader()
      await peer.offer('<x/>')
      await peer.expect(/<done\/>/)
    }
    await using server = await scriptedServer(script, { transport: 'tcp' })
    const socket = connectTcp(Number(server.service?.port), '127.0.0.1')
    socket.write(header)
    await waitFor(socket, '</stream:features>')
    socket.write(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
    await waitFor(socket, 'proceed')
    const tls = connectTls({ socket, ca: server.ca, servername: 'example.org' })
    await once(tls, 'secureConnect')
    tls.write(header)
    await waitFor(tls, '</stream:features>')
    tls.write('<done/>')
    await server.done
    const [peer] = server.peers
    expect(peer?.secure).toBe(true)
    expect(Buffer.from(peer?.binding('tls-exporter') ?? [])).toEqual(
      tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
    )
    expect(peer?.received).toContain('starttls')
    tls.destroy()
  })

  test('it speaks direct TLS and WebSocket', async () => {
    const greet: Script = async (peer) => {
      await peer.streamHeader()
      await peer.expectElement('jabber:client', 'message')
      await peer.stanza('<message/>')
      await peer.close()
    }
    await using tlsServer = await scriptedServer(greet, { transport: 'tls' })
    const tls = connectTls({
      port: Number(tlsServer.service?.port),
      ca: tlsServer.ca,
      servername: 'example.org',
      ALPNProtocols: ['xmpp-client'],
    })
    tls.write(`${header}<message/>`)
    await waitFor(tls, '</stream:stream>')
    expect(tls.alpnProtocol).toBe('xmpp-client')
    tls.destroy()

    await using webServer = await scriptedServer(greet, { transport: 'websocket' })
    const socket = new WebSocket(webServer.service ?? '', 'xmpp', { ca: webServer.ca })
    const frames: string[] = []
    socket.on('message', (data) => frames.push(String(data)))
    await once(socket, 'open')
    socket.send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>`)
    socket.send(`<message xmlns='jabber:client'/>`)
    await once(socket, 'close')
    expect(frames).toEqual([
      `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' id='stream-1' version='1.0' xml:lang='en'/>`,
      `<message xmlns='jabber:client'/>`,
      `<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>`,
    ])
  })
})

/** Reads until a text has come. */
async function waitFor(socket: NodeJS.ReadableStream, text: string): Promise<void> {
  let received = ''
  await new Promise<void>((resolve) => {
    const take = (chunk: Buffer): void => {
      received += chunk
      if (!received.includes(text)) return
      socket.off('data', take)
      resolve()
    }
    socket.on('data', take)
  })
}
