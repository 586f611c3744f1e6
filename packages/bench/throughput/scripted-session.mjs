// As much of an XMPP server as a login and stream management take, over direct TLS and secure WebSocket. It parses
// nothing: it finds the few requests by pattern, so that the other core is busy with the client.
import { createServer as createHttps } from 'node:https'
import { createServer as createTls } from 'node:tls'
import { WebSocketServer } from 'ws'
import { jid } from './traffic.mjs'

const messageEnd = Buffer.from('</message>')
const iqEnd = Buffer.from('</iq>')
const sm = "xmlns='urn:xmpp:sm:3'"
const declaration = " xmlns='jabber:client'"

/** The value of an attribute of a tag. */
export const attributeOf = (tag, name) => new RegExp(`\\b${name}=(['"])(.*?)\\1`).exec(tag)?.[2]

/** Stanzas as each transport sends them: a hundred to a block of the stream, or one to a frame. */
export function prepared(stanzas) {
  const blocks = []
  for (let i = 0; i < stanzas.length; i += 100) blocks.push(Buffer.from(stanzas.slice(i, i + 100).join('')))
  return { blocks, frames: stanzas.map((text) => Buffer.from(text.replace(/^<[a-z]+/, `$&${declaration}`))) }
}

/**
 * A connection: the login, acknowledgements, and requests in their order. The rest is its script's: `isManaged()` says
 * whether stream management (XEP-0198) is offered, `features` what else; `took(session, name, tag)` hears of messages and
 * presence, and `answer(session, iq, reply)` of requests other than that for a resource.
 */
class ScriptedSession {
  #script
  #authenticated = false
  /** Stanzas since stream management was switched on. */
  #handled = 0
  #tail = Buffer.alloc(0)

  /** @param wire `write(text)`, `send(stanzas)` for what was prepared, `header(features)`, and `ns` for a stanza's tag */
  constructor(script, wire) {
    this.#script = script
    this.wire = wire
  }

  take(bytes) {
    const login = ['<stream:stream', '<open', '<auth'].find((start) => bytes.includes(start))
    if (login === undefined) this.#takeStanzas(Buffer.concat([this.#tail, bytes]))
    else if (login !== '<auth') this.wire.write(this.wire.header(this.#features()))
    else {
      this.#authenticated = true
      this.wire.write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
    }
  }

  #features() {
    if (!this.#authenticated) {
      return "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
    }
    const { isManaged, features = '' } = this.#script
    return `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>${isManaged() ? `<sm ${sm}/>` : ''}${features}`
  }

  /** What is not complete yet is kept. */
  #takeStanzas(chunk) {
    let end = 0
    for (let at = chunk.indexOf('<'); at >= 0; at = chunk.indexOf('<', end)) {
      const size = this.#takeElement(chunk, at)
      if (size === 0) break
      end = at + size
    }
    this.#tail = chunk.subarray(end)
  }

  /** @returns the length of the element, 0 if it is not complete; what is no message or request has no content */
  #takeElement(chunk, at) {
    const start = chunk.toString('latin1', at, at + 10)
    const [, name] = /^<(\/?[a-z:]+)[ />]/.exec(start) ?? []
    if (name === 'message' || name === 'iq') {
      const close = chunk.indexOf(name === 'iq' ? iqEnd : messageEnd, at)
      if (close < 0) return 0
      const end = close + name.length + 3
      this.#handled++
      if (name === 'message') this.#script.took(this, name, '')
      else this.#answer(chunk.toString('utf8', at, end))
      return end - at
    }
    const close = chunk.indexOf('>', at)
    if (name === undefined || close < 0) return 0
    if (name === 'presence') {
      this.#handled++
      this.#script.took(this, name, chunk.toString('utf8', at, close + 1))
    }
    if (name === 'r') this.wire.write(`<a ${sm} h='${this.#handled}'/>`)
    if (name === 'enable') {
      this.#handled = 0
      this.wire.write(`<enabled ${sm} id='some-long-sm-id' resume='true'/>`)
    }
    return close + 1 - at
  }

  #answer(iq) {
    const tag = /<iq\b[^>]*>/.exec(iq)?.[0] ?? ''
    if (!/\btype=(['"])[gs]et\1/.test(tag)) return
    const to = attributeOf(tag, 'to')
    const from = to === undefined ? '' : ` from='${to}'` // only the addressed entity can answer (RFC 6120 §8.2.3)
    const start = `<iq${this.wire.ns} type='result' id='${attributeOf(tag, 'id')}'${from}>`
    const reply = (payload) => this.wire.write(`${start}${payload}</iq>`)
    if (!iq.includes('<bind')) this.#script.answer(this, iq, reply)
    else reply(`<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}/bench</jid></bind>`)
  }
}

const streamHeader = (features) =>
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  `id='s1' from='localhost' version='1.0' xml:lang='en'><stream:features>${features}</stream:features>`

const framedHeader = (features) =>
  "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' id='s1' version='1.0' xml:lang='en'/>\n" +
  `<stream:features xmlns:stream='http://etherx.jabber.org/streams'>${features}</stream:features>`

function overTls(socket) {
  const send = async ({ blocks }) => {
    for (const block of blocks) if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve))
  }
  return { write: (text) => socket.write(text), send, header: streamHeader, ns: '' }
}

function overWebSocket(socket) {
  const write = (text) => {
    // Each frame is one element.
    for (const frame of text.split('\n')) if (frame !== '') socket.send(frame)
  }
  const send = async ({ frames }) => {
    for (const [i, frame] of frames.entries()) {
      socket.send(frame, { binary: false })
      while (i % 100 === 0 && socket.bufferedAmount > 262_144) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { write, send, header: framedHeader, ns: declaration }
}

/** Listens on two ports of the loopback interface, which the parent process is told. One connection at a time. */
export function listen({ cert, key }, script) {
  const tls = createTls({ cert, key, ALPNProtocols: ['xmpp-client'] }, (socket) => {
    const session = new ScriptedSession(script, overTls(socket))
    socket.on('error', () => {})
    socket.on('data', (bytes) => session.take(bytes))
    script.connected?.(session)
  })
  const https = createHttps({ cert, key })
  new WebSocketServer({ server: https, perMessageDeflate: false }).on('connection', (socket) => {
    const session = new ScriptedSession(script, overWebSocket(socket))
    socket.on('message', (data) => session.take(data))
    socket.on('error', () => {})
    script.connected?.(session)
  })
  process.on('disconnect', () => process.exit(0))
  tls.listen(0, '127.0.0.1', () => {
    https.listen(0, '127.0.0.1', () => process.send({ tls: tls.address().port, wss: https.address().port }))
  })
}
