import { presence } from '@couplet/stanza'
import { coversMissed } from './archive-cover.js'
import { Backoff } from './backoff.js'
import { asReason, stopped } from './close-reasons.js'
import { ConnectionError } from './connection-error.js'
import type { ClientStatus } from './events.js'
import { wasInTheClear } from './in-the-clear.js'
import { KeptState } from './kept-state.js'
import type { Login } from './login.js'
import { isKept, type LoopOptions } from './loop-options.js'
import { type NetworkEvent, type NetworkHooks, watchNetwork } from './network-watch.js'
import type { PluginHost } from './plugin-host.js'
import type { SessionCore } from './session-core.js'
import { SessionLink } from './session-link.js'
import { sleep } from './sleep.js'
import { StoreError } from './store-error.js'
import { StreamWatch } from './stream-watch.js'
import { unlessAborted } from './unless-aborted.js'
import type { Retrial } from './verdict.js'
import { Verdicts } from './verdicts.js'
import { Waiting } from './waiting.js'

/** Milliseconds to wait, when stopping, until what was sent is acknowledged and written. */
const flushLimit = 1000

/** Keeps one connection: makes it, serves it, and makes it again until it is stopped or trying has no point. */
export class ConnectionLoop {
  readonly #options: LoopOptions
  readonly #core: SessionCore
  readonly #host: PluginHost
  readonly #kept: KeptState
  readonly #network: NetworkHooks
  readonly #backoff = new Backoff()
  readonly #verdicts = new Verdicts()
  #status: ClientStatus = { state: 'offline' }
  #running: Promise<void> | undefined
  /** What an earlier client has left in the store is known, or soon will be. */
  #taken: Promise<void> | undefined
  #stop = new AbortController()
  #stopping = false
  /** Asked for twice, stopping happens once. */
  #end: Promise<void> | undefined
  #watch: StreamWatch | undefined
  readonly #waiting = new Waiting()
  /** What the last verdict wants of the next attempt. */
  #next: Retrial = { kind: 'retry', delay: 'backoff' }
  /** What plugins do about a session that an earlier process has begun. It outlasts the stream, and is not done twice. */
  #inherited: Promise<void> | undefined

  constructor(options: LoopOptions, core: SessionCore, host: PluginHost) {
    this.#options = options
    this.#core = core
    core.equip(SessionLink)
    this.#host = host
    this.#network = options.network ?? watchNetwork()
    this.#kept = new KeptState(options.store, options.account, (error) => this.#report(error))
    if (isKept(options)) core.outbox.takeOver = () => void this.takeOver()
  }

  /** Where the connection stands. */
  get status(): ClientStatus {
    return this.#status
  }

  /** Starts the loop, or ends a wait of the one that runs; there is never more than one. */
  start(): void {
    if (this.#running !== undefined) {
      this.#hurry()
      return
    }
    this.#core.reopen()
    this.#stopping = false
    this.#end = undefined
    if (this.#stop.signal.aborted) this.#stop = new AbortController()
    const network = this.#network.onChange((event) => this.networkChanged(event))
    this.#running = this.#run(this.#stop.signal).then((error) => {
      network.dispose()
      this.#running = undefined
      this.#leave(error === undefined ? stopped() : asReason(error))
      this.#setStatus(error === undefined ? { state: 'offline' } : { state: 'offline', error })
    })
  }

  /** Ends a session politely, within three seconds, and an attempt or a wait at once. */
  stop(): Promise<void> {
    this.#end ??= this.#goodbye()
    return this.#end
  }

  /** Finds out what an earlier client has left in the store, also before {@link start}, for what is sent by then. */
  takeOver(): Promise<void> {
    this.#taken ??= this.#takeOver(this.#stop.signal)
    return this.#taken
  }

  async #takeOver(signal: AbortSignal): Promise<void> {
    const { outbox, continuity } = this.#core
    outbox.takeOver = () => {}
    await this.#kept.takeOver(continuity, signal)
    if (outbox.places === undefined && !signal.aborted) outbox.keepIn(undefined)
  }

  /** There will be no other connection, and the store may be somebody else's. */
  #leave(reason: ConnectionError): void {
    this.#core.close(reason)
    this.#taken = undefined
    void this.#kept.release(this.#core.continuity)
  }

  async #goodbye(): Promise<void> {
    const stream = this.#watch?.stream
    this.#stopping = true
    if (stream !== undefined && this.#status.state === 'online') {
      this.#core.continuity.leave() // a process that went on with it would be unavailable
      this.#core.sendPresence(presence({ type: 'unavailable' }))
      const flushed = Promise.all([this.#core.acknowledged(), stream.connection.drained()])
      await Promise.race([flushed, stream.ended, sleep(flushLimit, this.#stop.signal)])
      this.#core.continuity.management?.tell()
      stream.close()
      await stream.ended
    }
    this.#stop.abort(stopped())
    await this.#running
    this.#leave(stopped()) // also for a client that was never online
    // The next process must not send what has failed here, and plugins have stored what they have.
    await this.#kept.left(this.#core.continuity, this.#host.work)
  }

  /** Lets a weaker mechanism pass at the next login. */
  forgetPin(): Promise<void> {
    return this.#kept.forgetPin()
  }

  /** Makes the token useless, if there is one, and forgets everything about logging in. */
  logOut(): Promise<void> {
    return this.#kept.logOut(this.#options)
  }

  /** Something happened to the network or the machine: what exists is checked, and what waits is tried now. */
  networkChanged(event: NetworkEvent = 'change'): void {
    if (event === 'offline') return
    this.#watch?.liveness.check()
    if (this.#next.firm) return
    this.#backoff.reset()
    this.#waiting.end()
  }

  /** @returns the error that ended it for good; `undefined` if it was stopped */
  async #run(signal: AbortSignal): Promise<Error | undefined> {
    if (isKept(this.#options)) await this.takeOver()
    for (;;) {
      if (!(await this.#untilOnline(signal))) return undefined
      this.#setStatus({ state: 'connecting' })
      const { error, situation, hadSession } = await this.#session(signal)
      if (this.#stopping) return undefined
      const verdict = this.#verdicts.judge(error, situation)
      if (!this.#options.reconnect || verdict.kind === 'stop') return error
      await this.#prepare(verdict, error, hadSession)
      const delay = this.#backoff.next(verdict)
      this.#setStatus({ state: 'waiting', error, delay })
      await this.#waiting.wait(delay, signal)
    }
  }

  /** No attempts without a network. @returns false when stopped */
  async #untilOnline(signal: AbortSignal): Promise<boolean> {
    while (!this.#network.isOnline && !this.#stopping) {
      const error = new ConnectionError('tcp', 'offline', 'there is no network')
      this.#next = { ...this.#next, firm: false } // that wait is over
      this.#setStatus({ state: 'waiting', error, delay: Number.POSITIVE_INFINITY })
      await this.#waiting.wait(undefined, signal)
    }
    return !this.#stopping
  }

  async #prepare(verdict: Retrial, error: Error, hadSession: boolean): Promise<void> {
    this.#next = verdict
    if (verdict.fresh) this.#core.detach(asReason(error))
    // A stream that was never logged in has carried none of our stanzas.
    if (verdict.poison && hadSession) this.#core.continuity.suspect()
    const { password, token, external } = this.#options.credentials
    // To prove the credentials themselves there must be some; the next login brings a new token.
    if (verdict.withoutToken && (password ?? token ?? external))
      await (await this.#kept.login()).update({ token: null })
  }

  /** One session from login to its end; returns why it ended. */
  async #session(signal: AbortSignal) {
    const hasFixedResource = this.#options.resource !== undefined
    try {
      const login = this.#kept.withLimits(await this.#logIn(signal))
      void this.#kept.rememberEndpoint(login.stream.connection.endpoint)
      const { secure } = login.stream.connection
      const watch = new StreamWatch(login, this.#core, this.#options.keepAlive)
      const error = await this.#serve(login, watch, signal)
      const resumable = !watch.isClosedByServer && this.#core.continuity.isResumable
      return { error, situation: { resumable, fixedResource: hasFixedResource, secure }, hadSession: true }
    } catch (error) {
      const reason = error instanceof Error ? error : stopped(error)
      const situation = { resumable: false, fixedResource: hasFixedResource, secure: false }
      return { error: reason, situation: { ...situation, inTheClear: wasInTheClear(reason) }, hadSession: false }
    }
  }

  async #logIn(signal: AbortSignal): Promise<Login> {
    // A page shows something before it connects: negotiation and SASL are not in its first chunk.
    const logInAs = this.#options.logIn ?? import('./connector.js').then(({ logIn }) => logIn)
    const { continuity } = this.#core
    const covered = coversMissed(this.#host, (error) => this.#report(error))
    const kept = [this.#kept.login(), this.#kept.endpoint(), covered, continuity.stored()] as const
    const [logIn, memory, lastGood, bind2] = await unlessAborted(Promise.all([logInAs, ...kept]), signal)
    const { newResource, redirect } = this.#next
    const request = { resumption: continuity.resumption(), inline: this.#host.inline, bind2 }
    const hints = { preferred: redirect ?? continuity.location, lastGood }
    const resource = newResource ? undefined : this.#options.resource
    return logIn({ ...this.#options, resource, memory, hints }, request, signal)
  }

  /** Feeds the session from the stream until that ends. */
  async #serve(login: Login, watch: StreamWatch, signal: AbortSignal): Promise<Error> {
    const abort = (): void => {
      login.stream.connection.destroy()
      watch.end(stopped(signal.reason))
    }
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    this.#watch = watch
    const begun = signal.aborted ? undefined : this.#begin(login, watch, signal)
    // What a plugin waits for may never come; what throws must not leave a stream behind that nobody serves.
    begun?.catch((error: unknown) => watch.fail(error instanceof Error ? error : stopped(error)))
    const error = await watch.ended
    signal.removeEventListener('abort', abort)
    this.#watch = undefined
    if (this.#core.continuity.isResumable) this.#core.suspend()
    else this.#core.detach(asReason(error))
    return error
  }

  /** Everything that belongs before the application hears that we are online. */
  async #begin(login: Login, watch: StreamWatch, signal: AbortSignal): Promise<void> {
    const { stream, resumed } = login
    const offer = { ...login, maxBytes: login.limits?.maxBytes, dead: () => watch.dead() }
    if (resumed === undefined) {
      this.#beginNew(login, offer)
      watch.start()
      await this.#host.startSession(login.inlined)
      const { recoverSent } = await import('./session-recovery.js')
      const isCurrent = (): boolean => this.#watch === watch
      const { findSent: finder } = this.#host
      await recoverSent(this.#core.outbox, { finder, signal, isCurrent, report: (error) => this.#report(error) })
      if (!isCurrent()) return // lost meanwhile
      this.#core.continuity.convict()
      const { presence: init } = this.#options
      this.#core.begin(init === false ? [] : [presence(init)])
    } else {
      const isInherited = this.#core.jid.isBare() // of a session that it has begun a process knows the address
      const error = this.#core.resume(stream, resumed.h, offer)
      if (error === undefined && isInherited) this.#inherited = this.#host.startSession(login.inlined, true)
      watch.start()
      if (error !== undefined) return watch.fail(error)
      await Promise.all([this.#inherited, this.#host.resumeSession()])
      if (this.#watch !== watch) return
    }
    this.#backoff.online()
    this.#verdicts.online()
    this.#setStatus({ state: 'online', resumed: resumed !== undefined })
    if (resumed === undefined) await this.#host.enterRooms()
  }

  #beginNew({ stream, jid, early, resumptionFailed }: Login, offer: object): void {
    const { continuity } = this.#core
    this.#inherited = undefined
    if (resumptionFailed?.h !== undefined) continuity.acknowledgeLast(resumptionFailed.h)
    if (resumptionFailed !== undefined || continuity.management !== undefined) {
      this.#core.detach(new ConnectionError('session', 'closed', 'the session could not be resumed'))
    }
    this.#core.attach(stream, jid, offer)
    for (const stanza of early) this.#core.deliverUncounted(stanza)
  }

  #report(error: unknown): void {
    // A store that hangs is no news any more once nobody needs it.
    if (this.#core.closed === undefined || !(error instanceof StoreError)) this.#core.events.emit('error', error)
  }

  /** Somebody does not want to wait; who merely makes sure that we are online has said nothing. */
  #hurry(): void {
    if (!this.#waiting.isOn) return
    this.#verdicts.reset()
    this.#waiting.end()
  }

  #setStatus(status: ClientStatus): void {
    this.#status = status
    this.#core.events.emit('status', status)
  }
}
