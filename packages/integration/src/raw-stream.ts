import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'

/**
 * A client of nothing but strings and regular expressions, so that what is tested here owes nothing to Couplet.
 * It is for the lab's own tests: it understands no XML.
 */
export class RawStream {
  #socket: Socket
  #received = ''
  #ended: Error | undefined
  #check: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  /** Connects by TCP. */
  static async tcp(host: string, port: number): Promise<RawStream> {
    const socket = connectTcp({ host, port, noDelay: true })
    await once(socket, 'connect')
    return new RawStream(socket)
  }

  /** Connects by TLS; rejects with Node's error code if the certificate does not verify for `servername`. */
  static async tls(host: string, port: number, options: ConnectionOptions): Promise<RawStream> {
    const socket = connectTls({ ...options, host, port })
    socket.setNoDelay(true)
    await once(socket, 'secureConnect')
    return new RawStream(socket)
  }

  /** Connects and negotiates STARTTLS for the virtual host `to` (RFC 6120 §5). */
  static async startTls(host: string, port: number, to: string, options: ConnectionOptions): Promise<RawStream> {
    const plain = await RawStream.tcp(host, port)
    await plain.open(to)
    plain.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    await plain.until(/<proceed[^>]*>/)
    plain.#socket.removeAllListeners()
    const socket = connectTls({ servername: to, ...options, socket: plain.#socket })
    await once(socket, 'secureConnect')
    return new RawStream(socket)
  }

  /** The TLS socket. Throws a TypeError before TLS. */
  get tls(): TLSSocket {
    if (!('getPeerCertificate' in this.#socket)) throw new TypeError('this stream has no TLS')
    return this.#socket as TLSSocket
  }

  /** Opens a stream to `to`; resolves to the stream features. */
  async open(to: string, from?: string): Promise<string> {
    const names = `to='${to}'${from ? ` from='${from}'` : ''}`
    const spaces = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
    this.send(`<?xml version='1.0'?><stream:stream ${names} version='1.0' ${spaces}>`)
    return this.until(/<stream:features[^>]*>.*<\/stream:features>|<stream:features\/>/s)
  }

  /** Authenticates by SASL (RFC 6120 §6) with one message; resolves to `<success/>` or `<failure/>`. */
  async authenticate(mechanism: string, initial: string): Promise<string> {
    const payload = Buffer.from(initial).toString('base64') || '='
    this.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${mechanism}'>${payload}</auth>`)
    return this.until(/<success.*?(\/>|<\/success>)|<failure.*?<\/failure>/s)
  }

  /** Writes as is. */
  send(xml: string): void {
    this.#socket.write(xml)
  }

  /** Waits for a text that matches, takes everything up to its end, and resolves to the match. Rejects at the end. */
  until(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#check = () => {
        const match = pattern.exec(this.#received)
        if (match) {
          this.#received = this.#received.slice(match.index + match[0].length)
          this.#check = () => undefined
          resolve(match[0])
        } else if (this.#ended) {
          reject(new Error(`${this.#ended.message} while waiting for ${pattern}; unread: ${this.#received}`))
        }
      }
      this.#check()
    })
  }

  /** Closes the connection without a word. */
  close(): void {
    this.#socket.destroy()
  }

  #listen(): void {
    this.#socket.setEncoding('utf8')
    this.#socket.on('data', (text: string) => {
      this.#received += text
      this.#check()
    })
    const end = (error: Error) => {
      this.#ended ??= error
      this.#check()
    }
    this.#socket.on('error', end)
    this.#socket.on('close', () => end(new Error('the connection was closed')))
  }
}
