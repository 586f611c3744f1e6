// As much of an XMPP server as a login and stream management take, over direct TLS and secure WebSocket. It parses
// nothing: it finds the few requests by pattern, so that the other core is busy with the client. One connection at a time.
// Usage (forked by rounds.mjs): scripted-server.mjs '{"cert", "key", "count"}'
import { createServer as createHttps } from 'node:https'
import { createServer as createTls } from 'node:tls'
import { WebSocketServer } from 'ws'
import { incoming, jid } from './traffic.mjs'

const { cert, key, count } = JSON.parse(process.argv[2])
const messageEnd = Buffer.from('</message>')
const iqEnd = Buffer.from('</iq>')

/** Whether stream management (XEP-0198) is offered to the next client. */
let isManaged = true

const sm = "xmlns='urn:xmpp:sm:3'"

const features = (authenticated, prefix = 'stream:', declaration = '') =>
  `<${prefix}features${declaration}>${
    authenticated
      ? `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>${isManaged ? `<sm ${sm}/>` : ''}`
      : "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
  }</${prefix}features>`

/** The answer to an IQ that asks for one; `ns` is the declaration a frame needs. */
function answerTo(iq, ns) {
  const tag = /<iq\b[^>]*>/.exec(iq)?.[0] ?? ''
  if (!/\btype=(['"])[gs]et\1/.test(tag)) return ''
  const id = /\bid=(['"])(.*?)\1/.exec(tag)?.[2]
  const to = /\bto=(['"])(.*?)\1/.exec(tag)?.[2]
  const from = to === undefined ? '' : ` from='${to}'` // only the addressed entity can answer (RFC 6120 §8.2.3)
  const bound = iq.includes('<bind')
    ? `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}/bench</jid></bind>`
    : ''
  return `<iq${ns} type='result' id='${id}'${from}>${bound}</iq>`
}

/** What is common to both transports: the login, then counting. */
class Session {
  #authenticated = false
  #received = 0
  #expected = 0
  /** Stanzas since stream management was switched on. */
  #handled = 0
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
    const login = ['<stream:stream', '<open', '<auth'].find((start) => bytes.includes(start))
    if (login === undefined) this.#takeStanzas(Buffer.concat([this.#tail, bytes]))
    else if (login !== '<auth') this.write(this.header(this.#authenticated))
    else {
      this.#authenticated = true
      this.write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
    }
  }

  /** Counts stanzas, answers IQs and requests for acknowledgements, in their order; what is not complete yet is kept. */
  #takeStanzas(chunk) {
    let end = 0
    for (let at = chunk.indexOf('<'); at >= 0; at = chunk.indexOf('<', end)) {
      const size = this.#takeElement(chunk, at)
      if (size === 0) break
      end = at + size
    }
    this.#tail = chunk.subarray(end)
    if (this.#expected > 0 && this.#received === this.#expected) {
      this.#expected = 0
      process.send('received')
    }
  }

  /** @returns the length of the element, 0 if it is not complete; what is no stanza has no content */
  #takeElement(chunk, at) {
    const start = chunk.toString('latin1', at, at + 10)
    const [, name] = /^<(\/?[a-z:]+)[ />]/.exec(start) ?? []
    if (name === 'message' || name === 'iq') {
      const close = chunk.indexOf(name === 'iq' ? iqEnd : messageEnd, at)
      if (close < 0) return 0
      const end = close + name.length + 3
      this.#handled++
      if (name === 'message') this.#received++
      else this.write(answerTo(chunk.toString('utf8', at, end), this.ns))
      return end - at
    }
    const close = chunk.indexOf('>', at)
    if (name === undefined || close < 0) return 0
    if (name === 'presence') this.#handled++
    if (name === 'r') this.write(`<a ${sm} h='${this.#handled}'/>`)
    if (name === 'enable') {
      this.#handled = 0
      this.write(`<enabled ${sm} id='some-long-sm-id' resume='true'/>`)
    }
    return close + 1 - at
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
    for (const frame of text.split('\n')) if (frame !== '') socket.send(frame)
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
  if (typeof message === 'object') isManaged = message.isManaged
})
process.on('disconnect', () => process.exit(0))

tls.listen(0, '127.0.0.1', () => {
  https.listen(0, '127.0.0.1', () => process.send({ tls: tls.address().port, wss: https.address().port }))
})
