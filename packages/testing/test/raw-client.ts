import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Transport } from '@couplet/client'
import { chooseMechanism } from '@couplet/sasl'

const tags = `xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'`

/** The header of a client. */
export const header = (to = 'example.org'): string =>
  `<?xml version='1.0'?><stream:stream ${tags} to='${to}' version='1.0'>`

/** A client of which tests write every byte. */
export class RawClient {
  /** All that was received. */
  received = ''
  /** Whether the connection is gone. */
  closed = false
  #seen = 0
  #wake: () => void = () => {}

  constructor(readonly write: (text: string) => void) {}

  take(text: string): void {
    this.received += text
    this.#wake()
  }

  end(): void {
    this.closed = true
    this.#wake()
  }

  /** Waits for text that matches, behind what was waited for before. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.received.slice(this.#seen))
      if (match !== null) {
        this.#seen += match.index + match[0].length
        return match
      }
      if (this.closed) throw new Error(`closed while waiting for ${pattern}: ${this.received.slice(this.#seen)}`)
      await this.#more()
    }
  }

  /** Waits for the end of the connection; returns all that was not waited for. */
  async untilClosed(): Promise<string> {
    while (!this.closed) await this.#more()
    return this.received.slice(this.#seen)
  }

  /** Logs in with the mechanism and returns the element that ends it, `success` or `failure` and its condition. */
  async login(username: string, password: string, mechanism = 'SCRAM-SHA-256', socket?: TLSSocket): Promise<string> {
    const data = socket?.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    const sasl = chooseMechanism({
      offered: [mechanism],
      bindings: data === undefined ? [] : [{ type: 'tls-exporter', data }],
      offeredBindings: data === undefined ? undefined : ['tls-exporter'],
      credentials: { username, password },
      policy: { secure: true, allowPlain: true, order: [mechanism] },
    })
    const encode = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64')
    this.write(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${mechanism}'>${encode(await sasl.initial())}</auth>`,
    )
    for (;;) {
      const pattern = /<(challenge|success|failure)[^>]*?(?:\/>|>(?:<([a-z-]+)|([^<]*)))/
      const [, name, condition, text = ''] = await this.until(pattern)
      if (name === 'failure') return `failure ${condition}`
      const bytes = new Uint8Array(Buffer.from(text, 'base64'))
      if (name === 'success') {
        await sasl.success(bytes)
        return 'success'
      }
      this.write(`<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${encode(await sasl.challenge(bytes))}</response>`)
    }
  }

  /** From the first header to the bound resource; returns the full JID. */
  async online(user: string, resource?: string): Promise<string> {
    this.write(header())
    await this.until(/<\/stream:features>/)
    const outcome = await this.login(user, 'pw')
    if (outcome !== 'success') throw new Error(outcome)
    this.write(header())
    await this.until(/<\/stream:features>/)
    const wanted = resource === undefined ? '' : `<resource>${resource}</resource>`
    this.write(`<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wanted}</bind></iq>`)
    return (await this.until(/<jid>([^<]+)<.*?<\/iq>/))[1] ?? ''
  }

  /** Sends something whose answer shows that all before it was handled. */
  async settled(): Promise<void> {
    this.write(`<iq type='get' id='settled' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await this.until(/<iq [^>]*id='settled'[^>]*>/)
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

/** A raw client on a transport. */
export async function connectRaw(transport: Transport): Promise<RawClient> {
  const signal = new AbortController().signal
  const connection = await transport.connect({ domain: 'example.org', service: undefined, signal })
  const client = new RawClient((text) => connection.write(text))
  connection.listen({
    data: (chunk) => client.take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()),
    closed: () => client.end(),
  })
  return client
}

function onSocket(socket: Socket): RawClient {
  const client = new RawClient((text) => socket.write(text))
  socket.on('data', (chunk) => client.take(chunk.toString()))
  socket.on('error', () => {})
  socket.on('close', () => client.end())
  return client
}

/** A raw client on TLS, which it also returns. */
export async function connectRawTls(service: URL | undefined, ca: string): Promise<[RawClient, TLSSocket]> {
  const options = { servername: 'example.org', ca, ALPNProtocols: ['xmpp-client'] }
  const socket = connectTls({ ...options, port: Number(service?.port) })
  await once(socket, 'secureConnect')
  return [onSocket(socket), socket]
}

/** A raw client that goes from TCP to TLS. */
export async function connectRawStartTls(
  service: URL | undefined,
  ca: string,
): Promise<[RawClient, TLSSocket, string]> {
  const tcp = connectTcp({ port: Number(service?.port), host: '127.0.0.1' })
  const plain = onSocket(tcp)
  plain.write(header())
  await plain.until(/<\/stream:features>/)
  plain.write(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
  await plain.until(/<proceed/)
  tcp.removeAllListeners('data')
  const socket = connectTls({ socket: tcp, servername: 'example.org', ca })
  await once(socket, 'secureConnect')
  return [onSocket(socket), socket, plain.received]
}
