import type { Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls'
import { type ChannelBinding, type Connection, ConnectionError, type ConnectionListener } from '@couplet/client'
import { channelBindings, checkDomain, serverName } from './certificate.js'

/** What TLS is made with. */
export interface TlsSettings extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key'> {
  /** The domain of the account: what goes into SNI, and what the certificate is checked against. */
  readonly domain: string
}

/** Bytes on their way to the network below which {@link Connection.drained} resolves. */
const lowWater = 65_536

/** A TCP connection, with TLS from the start or later. */
export class SocketConnection implements Connection {
  readonly endpoint: string
  readonly framed = false
  readonly #tls: TlsSettings
  #socket: Socket
  #listener: ConnectionListener | undefined
  #bindings: readonly ChannelBinding[] | undefined
  #error: Error | undefined
  #closed = false
  #upgrading = false
  #out: string[] = []
  #flushing: NodeJS.Immediate | undefined
  #drainWaiters: (() => void)[] = []

  constructor(socket: Socket, endpoint: string, tls: TlsSettings) {
    this.#socket = socket
    this.endpoint = endpoint
    this.#tls = tls
    this.#watch(socket)
  }

  get secure(): boolean {
    return this.#socket instanceof TLSSocket && this.#socket.authorized
  }

  get channelBindings(): readonly ChannelBinding[] {
    if (!(this.#socket instanceof TLSSocket)) return []
    this.#bindings ??= channelBindings(this.#socket)
    return this.#bindings
  }

  get buffered(): number {
    let waiting = this.#socket.writableLength
    for (const text of this.#out) waiting += text.length
    return waiting
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener
    this.#read()
    if (this.#closed) listener.closed(this.#error)
  }

  write(text: string): void {
    this.#out.push(text)
    // Everything that one turn of the event loop sends leaves in one packet: a write each costs five times as much.
    this.#flushing ??= setImmediate(() => this.#flush())
  }

  async drained(): Promise<void> {
    while (this.buffered > lowWater && !this.#closed && !this.#socket.destroyed) {
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve))
    }
  }

  pause(paused: boolean): void {
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  async startTls(signal: AbortSignal): Promise<void> {
    const plain = this.#socket
    this.#flush()
    plain.removeAllListeners()
    this.#upgrading = true
    try {
      const socket = await secure(plain, this.#tls, signal, [])
      this.#socket = socket
      this.#watch(socket)
      this.#read()
    } catch (error) {
      this.#error = error as Error
      this.#end()
      throw error
    } finally {
      this.#upgrading = false
    }
  }

  end(): void {
    this.#flush()
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #flush(): void {
    clearImmediate(this.#flushing)
    this.#flushing = undefined
    if (this.#out.length === 0 || this.#upgrading) return // nothing in the clear between the records of a handshake
    const text = this.#out.length === 1 ? (this.#out[0] as string) : this.#out.join('')
    this.#out = []
    if (this.#socket.writable) this.#socket.write(text)
  }

  #read(): void {
    const listener = this.#listener
    if (listener !== undefined) this.#socket.on('data', (chunk: Buffer) => listener.data(chunk))
  }

  #watch(socket: Socket): void {
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('drain', () => this.#wakeDrained())
    socket.on('close', () => this.#end())
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    clearImmediate(this.#flushing)
    this.#wakeDrained()
    this.#listener?.closed(this.#error)
  }

  #wakeDrained(): void {
    for (const wake of this.#drainWaiters.splice(0)) wake()
  }
}

/**
 * Starts TLS on a connected socket: TLS 1.2 or better, certificate verified for the account's domain.
 *
 * @param protocols what ALPN offers; the server may ignore it, but not answer with another one (XEP-0368 §4)
 * @throws ConnectionError
 */
export function secure(
  socket: Socket,
  { domain, ca, cert, key }: TlsSettings,
  signal: AbortSignal,
  protocols: readonly string[],
): Promise<TLSSocket> {
  const options: ConnectionOptions = {
    socket,
    servername: serverName(domain),
    checkServerIdentity: (_, certificate) => checkDomain(domain, certificate),
    rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    minVersion: 'TLSv1.2',
    ALPNProtocols: [...protocols],
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
  return new Promise((resolve, reject) => {
    const tls = startHandshake(options, socket)
    const settle = (then: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      tls.removeListener('error', onError)
      tls.removeListener('close', onClose)
      then()
    }
    const fail = (error: unknown): void =>
      settle(() => {
        tls.on('error', () => {}) // destroying may cause another one
        tls.destroy()
        socket.destroy()
        reject(error)
      })
    const onAbort = (): void => fail(signal.reason)
    const onError = (error: Error): void => fail(tlsError(error))
    const onClose = (): void => fail(new ConnectionError('tls', 'closed', 'the server closed the connection'))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    tls.on('error', onError)
    tls.on('close', onClose)
    tls.on('secureConnect', () => {
      const { alpnProtocol } = tls
      if (alpnProtocol && !protocols.includes(alpnProtocol)) {
        fail(new ConnectionError('tls', 'tls-failed', 'the server speaks another protocol here (ALPN)'))
      } else {
        settle(() => resolve(tls))
      }
    })
  })
}

/** Bad key material makes `connect` throw; the socket must not stay behind then. */
function startHandshake(options: ConnectionOptions, socket: Socket): TLSSocket {
  try {
    return connectTls(options)
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw new ConnectionError('tls', 'tls-failed', 'the key material cannot be used', error)
  }
}

/** OpenSSL's verdicts, in the terms of someone who has to act on them. */
function tlsError(error: Error & { readonly code?: string }): ConnectionError {
  const { code = '' } = error
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new ConnectionError('tls', 'certificate-expired', 'the certificate is not valid at this time', error)
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new ConnectionError('tls', 'certificate-name', 'the certificate is for another name', error)
  }
  if (/CERT|SELF_SIGNED|ISSUER|UNABLE_TO_|CRL/.test(code) && !code.startsWith('ERR_SSL')) {
    return new ConnectionError('tls', 'certificate-untrusted', 'the certificate is not from a trusted issuer', error)
  }
  return new ConnectionError('tls', 'tls-failed', 'the handshake failed', error)
}
