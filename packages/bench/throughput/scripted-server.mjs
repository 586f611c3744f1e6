// As much of an XMPP server as a login takes, over direct TLS and secure WebSocket. It parses nothing: it finds the few
// requests by pattern, so that the other core is busy with the client. One connection at a time.
// Usage (forked by rounds.mjs): scripted-server.mjs '{"cert", "key", "count"}'
import { createServer as createHttps } from 'node:https'
import { createServer as createTls } from 'node:tls'
import { WebSocketServer } from 'ws'
import { incoming, jid } from './traffic.mjs'

const { cert, key, count } = JSON.parse(process.argv[2])
const endTag = Buffer.from('</message>')

const features = (authenticated, prefix = 'stream:', declaration = '') =>
  `<${prefix}features${declaration}>${
    authenticated
      ? "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
      : "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
  }</${prefix}features>`

/** Answers to what a client asks before and between its messages; `ns` is the declaration a frame needs. */
function* answers(text, ns) {
  if (/<auth\b/.test(text)) yield "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
  for (const [tag, rest] of text.matchAll(/<iq\b[^>]*>(?=(<\w+[^>]*)?)/g)) {
    const id = /\bid=(['"])(.*?)\1/.exec(tag)?.[2]
    if (!/\btype=(['"])[gs]et\1/.test(tag)) continue
    const bound = /<bind\b/.test(rest ?? '')
      ? `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}/bench</jid></bind>`
      : ''
    yield `<iq${ns} type='result' id='${id}'>${bound}</iq>`
  }
}

/** What is common to both transports: the login, then counting. */
class Session {
  #authenticated = false
  #received = 0
  #expected = 0
  #tail = Buffer.alloc(0)

  constructor(write, header, ns) {
    this.write = write
    this.header = header
    this.ns = ns
  }

  expect(total) {
    this.#received = 0
    this.#expected = total
  }

  take(bytes) {
    const chunk = this.#tail.length > 0 ? Buffer.concat([this.#tail, bytes]) : bytes
    let from = 0
    for (let at = chunk.indexOf(endTag); at >= 0; at = chunk.indexOf(endTag, from)) {
      from = at + endTag.length
      this.#received++
    }
    this.#tail = chunk.subarray(Math.max(from, chunk.length - endTag.length + 1))
    if (this.#expected > 0 && this.#received === this.#expected) process.send('received')
    // Requests are never in the same write as thousands of messages, but may follow them.
    if (bytes.includes('<stream:stream') || bytes.includes('<open')) this.write(this.header(this.#authenticated))
    if (!bytes.includes('<iq') && !bytes.includes('<auth')) return
    for (const answer of answers(bytes.toString(), this.ns)) {
      if (answer.startsWith('<success')) this.#authenticated = true
      this.write(answer)
    }
  }
}

let current

const streamHeader = (authenticated) =>
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  `id='s1' from='localhost' version='1.0' xml:lang='en'>${features(authenticated)}`

const messages = Array.from({ length: count }, (_, i) => incoming(i))
const blocks = []
for (let i = 0; i < count; i += 100) blocks.push(Buffer.from(messages.slice(i, i + 100).join('')))
const frames = messages.map((text) => Buffer.from(text.replace('<message', "<message xmlns='jabber:client'")))

const tls = createTls({ cert, key, ALPNProtocols: ['xmpp-client'] }, (socket) => {
  socket.on('error', () => {})
  const session = new Session((text) => socket.write(text), streamHeader, '')
  session.blast = async () => {
    for (const block of blocks) if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve))
  }
  socket.on('data', (bytes) => session.take(bytes))
  current = session
})

const https = createHttps({ cert, key })
const webSockets = new WebSocketServer({ server: https, perMessageDeflate: false })
webSockets.on('connection', (socket) => {
  const write = (text) => {
    // Each frame is one element.
    for (const frame of text.split('\n')) socket.send(frame)
  }
  const header = (authenticated) =>
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' id='s1' version='1.0' xml:lang='en'/>\n" +
    features(authenticated, 'stream:', " xmlns:stream='http://etherx.jabber.org/streams'")
  const session = new Session(write, header, " xmlns='jabber:client'")
  session.blast = async () => {
    for (const [i, frame] of frames.entries()) {
      socket.send(frame, { binary: false })
      while (i % 100 === 0 && socket.bufferedAmount > 262_144) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  socket.on('message', (data) => session.take(data))
  socket.on('error', () => {})
  current = session
})

process.on('message', (message) => {
  if (message === 'blast') current.blast()
  if (message === 'expect') current.expect(count)
})
process.on('disconnect', () => process.exit(0))

tls.listen(0, '127.0.0.1', () => {
  https.listen(0, '127.0.0.1', () => process.send({ tls: tls.address().port, wss: https.address().port }))
})
