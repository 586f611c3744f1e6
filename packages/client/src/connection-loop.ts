import {
  NS_CLIENT,
  type PresenceInit,
  presence,
  StreamError,
  type StreamEvent,
  serialize,
  type XmppError,
} from '@couplet/stanza'
import { Backoff } from './backoff.js'
import { ConnectionError } from './connection-error.js'
import type { AttemptOptions, Login } from './connector.js'
import type { ClientStatus } from './events.js'
import { negotiated } from './nonza.js'
import type { PluginHost } from './plugin-host.js'
import type { SessionCore } from './session-core.js'
import type { XmppStream } from './xmpp-stream.js'

/** Milliseconds to wait, when stopping, until what was sent is acknowledged and written. */
const flushLimit = 1000

/** What the loop needs besides what an attempt needs. */
export interface LoopOptions extends AttemptOptions {
  readonly presence: PresenceInit | false
  readonly reconnect: boolean
}

/** Keeps one connection: makes it, serves it, and makes it again until it is stopped or trying has no point. */
export class ConnectionLoop {
  readonly #options: LoopOptions
  readonly #core: SessionCore
  readonly #host: PluginHost
  readonly #backoff = new Backoff()
  #status: ClientStatus = { state: 'offline' }
  #running: Promise<void> | undefined
  #stop = new AbortController()
  #stopping = false
  #stream: XmppStream | undefined

  constructor(options: LoopOptions, core: SessionCore, host: PluginHost) {
    this.#options = options
    this.#core = core
    this.#host = host
  }

  /** Where the connection stands. */
  get status(): ClientStatus {
    return this.#status
  }

  /** Starts the loop if it does not run; there is never more than one. */
  start(): void {
    if (this.#running !== undefined) return
    this.#core.reopen()
    this.#stopping = false
    this.#stop = new AbortController()
    this.#running = this.#run(this.#stop.signal).then((error) => {
      this.#running = undefined
      this.#core.close(error === undefined ? stopped() : asReason(error))
      this.#setStatus(error === undefined ? { state: 'offline' } : { state: 'offline', error })
    })
  }

  /** Ends a session politely, within three seconds, and an attempt or a wait at once. */
  async stop(): Promise<void> {
    const stream = this.#stream
    this.#stopping = true
    if (stream !== undefined && this.#status.state === 'online') {
      stream.write(serialize(presence({ type: 'unavailable' }).element, NS_CLIENT))
      const flushed = Promise.all([this.#core.acknowledged(), stream.connection.drained()])
      await Promise.race([flushed, stream.ended, sleep(flushLimit, this.#stop.signal)])
      stream.close()
      await stream.ended
    }
    this.#stop.abort(stopped())
    await this.#running
    this.#core.close(stopped()) // also for a client that was never online
  }

  /** @returns the error that ended it for good; `undefined` if it was stopped */
  async #run(signal: AbortSignal): Promise<Error | undefined> {
    for (;;) {
      this.#setStatus({ state: 'connecting' })
      const error = await this.#session(signal)
      if (this.#stopping) return undefined
      const { retry } = error as Partial<XmppError>
      if (!this.#options.reconnect || retry === 'no' || retry === 'user') return error
      const delay = this.#backoff.next()
      this.#setStatus({ state: 'waiting', error, delay })
      await sleep(delay, signal)
      if (this.#stopping) return undefined
    }
  }

  /** One session from login to its end; returns why it ended. */
  async #session(signal: AbortSignal): Promise<Error> {
    let login: Login
    try {
      // A page shows something before it connects: negotiation and SASL are not in its first chunk.
      const { logIn } = await import('./connector.js')
      login = await logIn(this.#options, signal)
    } catch (error) {
      return error instanceof Error ? error : stopped(error)
    }
    const ended = this.#serve(login, signal)
    await Promise.race([ended, this.#begin(login.stream)]) // what a plugin waits for may never come
    return ended
  }

  /** Everything that belongs before the application hears that we are online. */
  async #begin(stream: XmppStream): Promise<void> {
    await this.#host.startSession()
    if (this.#stream !== stream) return // lost meanwhile
    this.#backoff.online()
    const { presence: init } = this.#options
    this.#core.begin(init === false ? [] : [presence(init)])
    this.#setStatus({ state: 'online' })
  }

  /** Feeds the session from the stream; resolves with the reason when that ends. */
  #serve({ stream, jid, features }: Login, signal: AbortSignal): Promise<Error> {
    this.#stream = stream
    this.#core.attach(stream, jid, features)
    return new Promise((resolve) => {
      const end = (error: Error): void => {
        if (this.#stream !== stream) return
        this.#stream = undefined
        signal.removeEventListener('abort', abort)
        this.#core.detach(asReason(error))
        resolve(error)
      }
      const abort = (): void => {
        stream.connection.destroy()
        end(stopped(signal.reason))
      }
      signal.addEventListener('abort', abort, { once: true })
      void stream.ended.then(end)
      stream.listen((event) => {
        const error = this.#take(event)
        if (error === undefined) return
        stream.close(error instanceof StreamError && error.element === undefined ? error : undefined)
        end(error)
      })
    })
  }

  /** @returns why the stream ends with this event, if it does */
  #take(event: StreamEvent): Error | undefined {
    if (event.type === 'error') return event.error
    if (event.type !== 'element') return new ConnectionError('session', 'closed', 'the server closed the stream')
    const { ns, name } = event.element
    if (negotiated.has(ns)) return new StreamError({ condition: 'policy-violation', text: 'the negotiation is over' })
    if (ns !== NS_CLIENT || (name !== 'message' && name !== 'presence' && name !== 'iq')) {
      return new StreamError({ condition: 'unsupported-stanza-type', text: 'not a stanza' })
    }
    this.#core.deliver(event.element)
    return undefined
  }

  #setStatus(status: ClientStatus): void {
    this.#status = status
    this.#core.events.emit('status', status)
  }
}

const stopped = (cause?: unknown): ConnectionError =>
  new ConnectionError('session', 'stopped', 'the client was closed', cause)

/** Why sends and requests fail when the connection ends for this reason. */
function asReason(error: Error): ConnectionError {
  return error.name === 'ConnectionError'
    ? (error as ConnectionError)
    : new ConnectionError('session', 'closed', 'the connection ended', error)
}

/** Resolves after a time, or at once when the signal aborts. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}
