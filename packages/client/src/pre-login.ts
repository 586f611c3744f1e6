import {
  type BareJid,
  IqElement,
  type IqProcedure,
  iq,
  Jid,
  type ParserLimits,
  readElement,
  type XmlElement,
} from '@couplet/stanza'
import { checkSettings, serviceOf } from './client-options.js'
import { isOurs } from './close-reasons.js'
import { ConnectionError } from './connection-error.js'
import type { Visit } from './endpoint-walk.js'
import { IqTracker } from './iq-tracker.js'
import { attemptLogin } from './login-attempt.js'
import { randomId } from './random-id.js'
import { redirectOf } from './see-other-host.js'
import type { CallOptions, Session } from './session.js'
import { StreamOpening } from './stream-opening.js'
import type { Connection, Transport } from './transport.js'
import { XmppStream } from './xmpp-stream.js'

/** What a stream without a login is made from. */
export interface PreLoginOptions extends CallOptions {
  /** The server. */
  readonly domain: string
  /** The ways to reach it, in order of preference. */
  readonly transports: readonly Transport[]
  /** The endpoint, instead of discovery: `xmpps://host:5223`, `xmpp://host:5222`, `wss://host/path`. */
  readonly service?: URL | string | undefined
  /** The language of texts that do not say theirs; default `en`. */
  readonly lang?: string | undefined
  /** Limits for what the server sends that differ from the defaults. */
  readonly limits?: Partial<ParserLimits> | undefined
}

/** A stream that nobody has logged in on: for what servers allow before that, such as registering (XEP-0077 §3.1). */
export interface PreLogin extends Pick<Session, 'account' | 'request'> {
  /** The domain, which is all there is of an account. */
  readonly account: BareJid
  /** What the server offers to whoever is there (RFC 6120 §4.3.2). */
  readonly features: XmlElement
  /**
   * Asks the server, which alone can answer. Throws as `Session.request`, and without an answer in a minute a
   * `TimeoutError`; a TypeError if somebody else is to be asked.
   */
  request: Session['request']
  /** Ends the stream; what has no answer yet rejects. */
  close(): Promise<void>
  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Milliseconds to wait for an answer. */
const requestLimit = 60_000

/**
 * Opens a stream to a server without logging in, over verified TLS only, and tries its endpoints as a login would.
 *
 * @throws ConnectionError, StreamError, MalformedElementError, or the signal's reason
 * @throws InvalidJidError for `domain`, TypeError naming any other option that is wrong
 */
export async function openPreLogin(options: PreLoginOptions): Promise<PreLogin> {
  const { transports, service, lang = 'en', limits = {}, signal = new AbortController().signal } = options
  const account = Jid.parse(options.domain).bare
  if (account.local !== undefined) throw new TypeError('domain: not a domain')
  if (!Array.isArray(transports) || transports.length === 0) throw new TypeError('transports: there is none')
  checkSettings({ lang, limits })
  const schemes = transports.flatMap((transport) => transport.schemes)
  const walk = { transports, account, service: service === undefined ? undefined : serviceOf(service, schemes) }
  const visit = (connection: Connection, end: AbortSignal): Promise<Visit<Opened>> =>
    open(new XmppStream(connection, limits), { account, lang, signal: end })
  const { stream, features } = await attemptLogin(walk, visit, signal)
  return new OpenStream(stream, account, features)
}

interface Opened {
  readonly stream: XmppStream
  readonly features: XmlElement
}

async function open(
  stream: XmppStream,
  options: { readonly account: BareJid; readonly lang: string; readonly signal: AbortSignal },
): Promise<Visit<Opened>> {
  const { signal } = options
  const { connection } = stream
  const stop = (): void => connection.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return { login: { stream, features: await new StreamOpening(stream, options).open() } }
  } catch (fault) {
    if (signal.aborted) connection.destroy()
    else stream.close()
    await stream.ended
    if (signal.aborted) throw fault
    // Said in the clear, it may be anybody's word (S-025).
    return { fault, redirect: connection.secure ? redirectOf(fault) : undefined }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

class OpenStream implements PreLogin {
  readonly account: BareJid
  readonly features: XmlElement
  readonly #stream: XmppStream
  readonly #tracker: IqTracker
  #ended: unknown

  constructor(stream: XmppStream, account: BareJid, features: XmlElement) {
    this.account = account
    this.features = features
    this.#stream = stream
    this.#tracker = new IqTracker(() => account)
    void stream.ended.then((reason) => this.#fail(reason))
    stream.listen((event) => {
      if (event.type === 'element') this.#take(event.element)
      else this.#end(event.type === 'error' ? event.error : undefined)
    })
  }

  async request<Q, R>(
    pair: IqProcedure<Q, R>,
    value: Q,
    { to = this.account, signal }: CallOptions & { readonly to?: Jid | string | undefined } = {},
  ): Promise<R> {
    const { account } = this
    if (!(typeof to === 'string' ? Jid.parse(to) : to).equals(account)) {
      throw new TypeError('before the login, only the server can be asked')
    }
    signal?.throwIfAborted()
    if (this.#ended !== undefined) throw this.#ended
    const id = randomId()
    const element = iq({ type: pair.type, id, to: account }, pair.request.build(value)).element
    const answer = this.#tracker.expect(id, pair.response, account, requestLimit, signal, pair.mayBeEmpty)
    try {
      this.#stream.sendElement(element)
    } catch (error) {
      this.#tracker.fail(id, error) // XML cannot carry it
    }
    return answer
  }

  async close(): Promise<void> {
    this.#end(undefined)
    await this.#stream.ended
  }

  declare [Symbol.asyncDispose]: () => Promise<void>

  /** Answers are all that a server has to say here; anything else is for sessions. */
  #take(element: XmlElement): void {
    const read = IqElement.matches(element) ? readElement(IqElement, element) : undefined
    if (read?.ok && (read.value.type === 'result' || read.value.type === 'error')) {
      this.#tracker.receive(read.value, this.account)
    }
  }

  #end(error: Error | undefined): void {
    this.#fail(error ?? new ConnectionError('stream', 'closed', 'the stream was closed'))
    this.#stream.close(isOurs(error) ? error : undefined)
  }

  #fail(reason: unknown): void {
    this.#ended ??= reason
    this.#tracker.failAll(this.#ended)
  }
}

// Not every browser has the symbol yet, and a method named by a missing symbol would be called "undefined".
if (Symbol.asyncDispose !== undefined) OpenStream.prototype[Symbol.asyncDispose] = OpenStream.prototype.close
