import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import WebSocket from 'ws'
import { domain } from '../accounts.mjs'

/** Only the socket: the same handshake, a stream header, and what the server says to that is read. */
export async function connect(service) {
  if (service.startsWith('wss')) {
    const socket = new WebSocket(service, 'xmpp')
    await once(socket, 'open')
    socket.send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${domain}' version='1.0'/>`)
    await once(socket, 'message')
    socket.on('message', () => {})
    return socket
  }
  const { hostname: host, port } = new URL(service)
  const socket = connectTls({ host, port, servername: domain, minVersion: 'TLSv1.2', ALPNProtocols: ['xmpp-client'] })
  await once(socket, 'secureConnect')
  const [ns, stream] = ['jabber:client', 'http://etherx.jabber.org/streams']
  socket.write(
    `<?xml version='1.0'?><stream:stream xmlns='${ns}' xmlns:stream='${stream}' to='${domain}' version='1.0'>`,
  )
  await once(socket, 'data')
  socket.on('data', () => {})
  return socket
}
