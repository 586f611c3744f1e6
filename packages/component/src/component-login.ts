import { AuthenticationError, type Connection, ConnectionError } from '@couplet/client'
import { type Login, within, XmppStream } from '@couplet/client/core'
import type { Secret } from '@couplet/sasl'
import {
  type BareJid,
  type FullJid,
  Jid,
  NS_STREAM,
  type ParserLimits,
  StreamError,
  type StreamEvent,
  type XmlElement,
} from '@couplet/stanza'
import { Handshake, NS_COMPONENT } from './elements.js'
import { isOnThisMachine } from './loopback-host.js'
import { prove, reveal } from './proof.js'

/** Milliseconds that fetching the secret, the header of the server, and its answer to the handshake may take. */
const limits = { secret: 30_000, stream: 15_000, handshake: 15_000 } as const

/** What a login as a component needs. */
export interface ComponentLogin {
  readonly jid: BareJid
  readonly secret: Secret
  readonly service: URL
  readonly limits: Partial<ParserLimits>
  readonly dangerouslyAllowUnencrypted: boolean
  /** Whether there was a session before: then whoever has our name may be ourselves. */
  hadSession(): boolean
}

/**
 * Logs in on a connection (XEP-0114 §3). Leaves nothing open if it fails.
 *
 * @throws ConnectionError, AuthenticationError, StreamError, or the signal's reason
 */
export async function logInAsComponent(
  connection: Connection,
  options: ComponentLogin,
  signal: AbortSignal,
): Promise<Login> {
  const stop = (): void => connection.destroy()
  signal.addEventListener('abort', stop, { once: true })
  const stream = new XmppStream(connection, options.limits, NS_COMPONENT)
  try {
    await new ComponentNegotiation(stream, options, signal).run()
    // The session of a component is bound to its domain, where that of a client has its full JID.
    const jid = options.jid as Jid as FullJid
    return { stream, jid, features: undefined, inlined: new Set(), early: [] }
  } catch (error) {
    if (signal.aborted) connection.destroy()
    else stream.close(isOurs(error) ? error : undefined)
    await stream.ended
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

class ComponentNegotiation {
  readonly #stream: XmppStream
  readonly #options: ComponentLogin
  readonly #signal: AbortSignal

  constructor(stream: XmppStream, options: ComponentLogin, signal: AbortSignal) {
    this.#stream = stream
    this.#options = options
    this.#signal = signal
  }

  async run(): Promise<void> {
    const { jid, secret } = this.#options
    this.#checkConnection()
    // Before the stream is open: the server does not wait long for the handshake.
    const revealed = await within('handshake', limits.secret, this.#signal, reveal(secret))
    this.#stream.open({ to: jid.domain, from: undefined })
    const id = await this.#readHeader()
    const proof = await prove(id, revealed)
    if (this.#signal.aborted) throw this.#signal.reason
    this.#stream.sendElement(Handshake({ proof }))
    const event = await this.#next('handshake')
    if (event.type !== 'element' || !Handshake.matches(event.element)) {
      this.#refuse('handshake', 'the server sent what is not allowed here')
    }
  }

  #checkConnection(): void {
    const { service, dangerouslyAllowUnencrypted } = this.#options
    const { secure, framed } = this.#stream.connection
    if (framed) throw new ConnectionError('stream', 'no-transport', 'components have no framing of their own')
    if (secure || dangerouslyAllowUnencrypted || isOnThisMachine(service.hostname)) return
    throw new ConnectionError('tls', 'tls-required', 'without TLS, only a server on this machine is connected to')
  }

  /** @returns the id of the stream */
  async #readHeader(): Promise<string> {
    const event = await this.#next('stream')
    if (event.type !== 'start') return this.#refuse('stream', 'the server sent no stream header')
    const { header } = event
    if (header.name !== 'stream' || header.ns !== NS_STREAM) {
      throw new StreamError({ condition: 'invalid-namespace', text: 'not a stream header' })
    }
    const problem = this.#problemOf(header)
    if (problem === undefined) return header.attr('id') as string
    // It may be how an error begins: a server that does not know us has no name and no id for us (RFC 6120 §4.9.1.2).
    await this.#next('stream')
    return this.#refuse('stream', problem)
  }

  /** Why there can be no proof for this header, which nobody but our server gets. */
  #problemOf(header: XmlElement): string | undefined {
    const from = header.attr('from')
    const isOurs = from === undefined || Jid.tryParse(from)?.equals(this.#options.jid)
    if (!isOurs) return 'the stream header is for somebody else'
    return header.attr('id') ? undefined : 'the stream header has no id'
  }

  async #next(phase: 'stream' | 'handshake'): Promise<StreamEvent> {
    const event = await within(phase, limits[phase], this.#signal, this.#stream.next(phase))
    if (event.type === 'error') throw this.#typed(event.error)
    if (event.type === 'end') throw new ConnectionError(phase, 'closed', 'the server closed the stream')
    return event
  }

  /** What a refusal means for us. */
  #typed(error: StreamError): Error {
    const { condition, text, element } = error
    if (element === undefined) return error
    if (condition === 'not-authorized') return new AuthenticationError(condition, { mechanism: 'handshake', text })
    // The server may not have noticed yet that our last connection is gone.
    if (condition === 'conflict' && this.#options.hadSession()) {
      return new ConnectionError('handshake', 'closed', 'somebody is connected by our name', error)
    }
    return error
  }

  /** Ends the stream, because the server does what it must not. @throws ConnectionError */
  #refuse(phase: 'stream' | 'handshake', message: string): never {
    this.#stream.close(new StreamError({ condition: 'policy-violation', text: message }))
    throw new ConnectionError(phase, 'unexpected-element', message)
  }
}

/** What ended the stream was found by us, not said by the server. */
const isOurs = (error: unknown): error is StreamError =>
  error instanceof Error && error.name === 'StreamError' && (error as StreamError).element === undefined
