import { stopped } from './close-reasons.js'
import { ConnectionError } from './connection-error.js'
import type { ConnectionLoop } from './connection-loop.js'
import type { ClientStatus } from './events.js'
import { isKept, type LoopOptions } from './loop-options.js'
import type { NetworkEvent } from './network-watch.js'
import type { PluginHost } from './plugin-host.js'
import type { SessionCore } from './session-core.js'

/** What a session needs of the loop that keeps its connection. */
export type Loop = Pick<ConnectionLoop, 'status' | 'start' | 'stop' | 'networkChanged'>

/**
 * A connection loop that is loaded when it is started: a page shows something before it connects, so what only connecting
 * needs is not in its first chunk.
 */
export class LazyLoop implements Loop {
  readonly #options: LoopOptions
  readonly #core: SessionCore
  readonly #host: PluginHost
  #loop: ConnectionLoop | undefined
  /** As long as there is no loop. */
  #status: ClientStatus = { state: 'offline' }
  #isWanted = false

  constructor(options: LoopOptions, core: SessionCore, host: PluginHost) {
    this.#options = options
    this.#core = core
    this.#host = host
    if (!isKept(options)) return
    // What cannot be loaded, `start` reports.
    core.outbox.takeOver = () => void this.#takeOver().catch(() => {})
  }

  get status(): ClientStatus {
    return this.#loop?.status ?? this.#status
  }

  start(): void {
    if (this.#loop !== undefined) {
      this.#loop.start()
      return
    }
    this.#core.reopen()
    this.#isWanted = true
    this.#load().then(
      (loop) => {
        if (this.#isWanted) loop.start()
      },
      (error: unknown) => this.#end(notLoaded(error)),
    )
  }

  stop(): Promise<void> {
    if (this.#loop !== undefined) return this.#loop.stop()
    this.#end()
    return Promise.resolve()
  }

  networkChanged(event?: NetworkEvent): void {
    this.#loop?.networkChanged(event)
  }

  /** Lets a weaker mechanism pass at the next login. */
  async forgetPin(): Promise<void> {
    await (await this.#load()).forgetPin()
  }

  /** Makes the token useless, if there is one, and forgets everything about logging in. */
  async logOut(): Promise<void> {
    await (await this.#load()).logOut()
  }

  /** For what is sent before `start`. */
  async #takeOver(): Promise<void> {
    const loop = await this.#load()
    if (this.#core.closed === undefined) await loop.takeOver()
  }

  async #load(): Promise<ConnectionLoop> {
    const { ConnectionLoop } = await import('./connection-loop.js')
    this.#loop ??= new ConnectionLoop(this.#options, this.#core, this.#host)
    return this.#loop
  }

  /** It is over before it has begun. */
  #end(error?: ConnectionError): void {
    const wasWanted = this.#isWanted
    this.#isWanted = false
    this.#core.close(error ?? stopped())
    if (!wasWanted) return
    this.#status = error === undefined ? { state: 'offline' } : { state: 'offline', error }
    this.#core.events.emit('status', this.#status)
  }
}

const notLoaded = (cause: unknown): ConnectionError =>
  new ConnectionError('tcp', 'unreachable', 'the code that connects could not be loaded', cause)
