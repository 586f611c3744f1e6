import { NS_CARBONS, ReceivedCarbon, SentCarbon } from '@couplet/carbons'
import type { CallOptions, InboundMessage, PluginEvent, Subscription } from '@couplet/client'
import { Jid, type Message, tagged } from '@couplet/stanza'
import { abortable } from './abortable.js'
import { type ArchiveGap, type CaughtUp, checkGap } from './archive-gap.js'
import { type Beginning, CatchUp, type CatchUpOptions, type MissedMessage } from './catch-up.js'
import { EnteredRooms } from './entered-rooms.js'
import { KnownArchive, type MamContext, type Whereabouts } from './known-archive.js'

/** A copy whatever it holds (XEP-0280). */
const AnyCarbon = tagged(NS_CARBONS, 'sent', 'received')

/** What a server answers that has no archive for us. */
const refusals: readonly unknown[] = [
  'feature-not-implemented',
  'service-unavailable',
  'item-not-found',
  'forbidden',
  'not-allowed',
]

/** How often a catch-up begins again that was not answered in time. */
const maxAttempts = 3

/** How many messages of rooms are remembered whose archives nobody has asked about yet. */
const maxUnclaimed = 100

/** Where the messages of the own archive come live. */
const home: Whereabouts = { entry: () => 0, isStillIn: () => true }

/** The catch-ups of all archives: of the own one by itself in every session, of rooms when it is asked for. */
export class CatchUps {
  readonly #context: MamContext
  readonly #options: CatchUpOptions
  readonly #missed: PluginEvent<[InboundMessage, MissedMessage]>
  readonly #caughtUp: PluginEvent<[CaughtUp]>
  readonly #archives = new Map<string, KnownArchive>()
  readonly #entered: EnteredRooms
  /** What has come live from rooms before anybody asked to catch up with them. */
  #unclaimed: Message[] = []
  /** What is under way, and which time we were there when it began. */
  readonly #running = new Map<
    KnownArchive,
    { readonly entry: number | undefined; readonly result: Promise<CaughtUp> }
  >()
  /** The own archive, if the application wants what was missed. */
  readonly #own: KnownArchive | undefined
  /** Ends what belongs to a session. */
  #session = new AbortController()
  #present = (): void => {}
  /** What runs by itself; never rejects. */
  #alone = Promise.resolve()
  /** What is to be said when the application is done with a message. */
  readonly #taken = new WeakMap<Message, () => void>()
  /** Messages wait for those that were missed before them. */
  #hold: Subscription | undefined
  /** Whether the last catch-up was not done, or by another process, which has left word of it. */
  #isDue = true

  /** @param isWanted whether the own archive is caught up with in every session */
  constructor(
    context: MamContext,
    options: CatchUpOptions,
    isWanted: boolean,
    missed: PluginEvent<[InboundMessage, MissedMessage]>,
    caughtUp: PluginEvent<[CaughtUp]>,
  ) {
    this.#context = context
    this.#options = options
    this.#missed = missed
    this.#caughtUp = caughtUp
    context.signal.addEventListener('abort', () => this.#endSession(context.signal.reason), { once: true })
    this.#entered = new EnteredRooms(context, (room) => this.#archives.get(room)?.noticeAbsence())
    context.onMessage((message) => this.#take(message))
    context.onHandled((message) => this.#taken.get(message)?.())
    context.onSession(() => this.#beginSession(), 'archive')
    if (!isWanted) return
    this.#own = this.#archive(undefined)
    context.onSession(() => this.#present(), 'rooms')
    // At once: what has come together with the word that the session goes on is delivered next.
    context.onSession((isResumed) => void (isResumed && this.#holdMessages()), 'stream')
    context.onResume(() => this.#goOn())
    // A listener for the payload also sees what no plain one does.
    context.onMessage(AnyCarbon, (_direction, outer) => this.#takeCopy(outer), { from: 'ownAccount' })
  }

  /** Catches up with one archive, unless that is under way. */
  async catchUp(address: Jid | string | undefined, { signal }: CallOptions): Promise<CaughtUp> {
    signal?.throwIfAborted()
    const room = this.#room(address)
    if (room === undefined && this.#own === undefined) {
      throw new TypeError('the own archive is caught up with if the plugin is mam({ catchUp: true })')
    }
    const known = this.#archive(room)
    const running = this.#running.get(known)
    if (running === undefined) return this.#run(known, signal)
    if (running.entry === known.entry) return abortable(running.result, signal)
    // It began before we entered the room: what has been said since may be too late for it.
    await abortable(
      running.result.catch(() => {}),
      signal,
    )
    return this.catchUp(room, { signal })
  }

  /** Whether the next session gets all that was missed: not the first of all, which begins at the end of the archive. */
  async coversAll(): Promise<boolean> {
    return this.#options.since !== undefined || (await this.#own?.isKnownFrom()) === true
  }

  /** What is missing in an archive. */
  async gaps(address: Jid | string | undefined): Promise<readonly ArchiveGap[]> {
    return this.#archive(this.#room(address)).gaps()
  }

  /** Delivers what is in a gap. */
  async fill(gap: ArchiveGap, { signal }: CallOptions): Promise<CaughtUp> {
    checkGap(gap)
    const known = this.#archive(this.#room(gap.archive))
    return this.#with(known, signal, (task) => task.fill(gap))
  }

  #room(address: Jid | string | undefined): Jid | undefined {
    const jid = typeof address === 'string' ? Jid.parse(address) : address
    return jid === undefined || jid.equals(this.#context.account) ? undefined : jid
  }

  #archive(address: Jid | undefined): KnownArchive {
    const name = (address ?? this.#context.account).toString()
    const known = this.#archives.get(name)
    if (known !== undefined) return known
    const added = new KnownArchive(this.#context, address, address === undefined ? home : this.#entered.of(name))
    this.#archives.set(name, added)
    for (const message of this.#unclaimed.splice(0)) {
      this.#takeSaid(message)
      this.#taken.get(message)?.() // it came before
    }
    return added
  }

  #take(message: Message): void {
    if (message.type === 'groupchat') this.#takeSaid(message)
    this.#noteDone(message, this.#own?.take(message))
  }

  #noteDone(message: Message, done: (() => void) | undefined): void {
    const other = this.#taken.get(message)
    if (done === undefined) return
    this.#taken.set(message, other === undefined ? done : () => void [other(), done()])
  }

  /** Something was said in a room. */
  #takeSaid(message: Message): void {
    this.#entered.hear(message)
    const known = this.#archives.get(String(message.from?.bare))
    if (known !== undefined) this.#noteDone(message, known.take(message))
    else if (this.#unclaimed.push(message) > maxUnclaimed) this.#unclaimed.shift()
  }

  #takeCopy(outer: Message): void {
    const { forwarded } = outer.get(SentCarbon) ?? outer.get(ReceivedCarbon) ?? {}
    if (forwarded?.message !== undefined) this.#noteDone(outer, this.#own?.take(forwarded.message, outer))
  }

  #endSession(reason: unknown): void {
    this.#session.abort(reason)
    this.#present() // who waits for it finds the signal aborted
  }

  /** the head of the archive and the first page are asked for before the presence. */
  #beginSession(): Promise<void> | undefined {
    this.#endSession(new DOMException('a new session has begun', 'AbortError'))
    this.#session = new AbortController()
    this.#entered.clear()
    this.#unclaimed = []
    const interrupted = Promise.all([...this.#archives.values()].map((known) => known.interrupt()))
    const own = this.#own
    if (own === undefined) return undefined
    this.#holdMessages()
    const begun = new Promise<void>((started) => {
      const present = new Promise<void>((resolve) => {
        this.#present = resolve
      })
      this.#alone = this.#runAlone(own, { started, present }).then(started)
    })
    return Promise.all([begun, interrupted]).then(() => {})
  }

  /** Nothing was missed if the old session goes on, unless its catch-up was not done. */
  #goOn(): void {
    this.#present()
    const { signal } = this.#session
    this.#alone = this.#alone.then(async () => {
      const own = this.#own
      if (own === undefined || !this.#isDue || signal.aborted) return
      this.#holdMessages()
      const isDone = await own.resume(signal).catch(() => false) // a store that cannot be read is reported by the catch-up
      if (signal.aborted) return // another session has begun
      if (!isDone) return this.#runAlone(own)
      this.#isDue = false
      this.#release()
    })
  }

  /** Messages wait for those that were missed before them. */
  #holdMessages(): void {
    this.#hold ??= this.#context.holdMessages()
  }

  /** Nobody waits for it, so what goes wrong is reported; a connection that is lost is the client's to report. */
  async #runAlone(known: KnownArchive, beginning?: Beginning, attempts = maxAttempts): Promise<void> {
    const { signal } = this.#session
    this.#isDue = false
    try {
      await this.#run(known, undefined, beginning)
    } catch (error) {
      const { name, condition } = error as { readonly name?: string; readonly condition?: string }
      // An answer that a server has lost with a connection never comes.
      if (name === 'TimeoutError' && attempts > 1 && !signal.aborted) {
        beginning?.started() // an archive that says nothing keeps nobody from being online
        return this.#runAlone(known, beginning, attempts - 1)
      }
      this.#isDue = name === 'ConnectionError'
      const isRefused = name === 'StanzaError' && refusals.includes(condition)
      if (!this.#isDue && !isRefused && !signal.aborted) this.#context.reportError(error)
    }
    // A lost connection is no reason to let messages overtake those that are still to come.
    if (!this.#isDue && this.#session.signal === signal) this.#release()
  }

  #release(): void {
    this.#hold?.dispose()
    this.#hold = undefined
  }

  async #run(known: KnownArchive, signal: AbortSignal | undefined, beginning?: Beginning): Promise<CaughtUp> {
    known.isContiguous = false
    const running = this.#with(known, signal, (task) => task.run(beginning))
    this.#running.set(known, { entry: known.entry, result: running })
    try {
      const result = await running
      this.#caughtUp.emit(result)
      return result
    } finally {
      if (this.#running.get(known)?.result === running) this.#running.delete(known)
    }
  }

  async #with(
    known: KnownArchive,
    signal: AbortSignal | undefined,
    run: (task: CatchUp) => Promise<CaughtUp>,
  ): Promise<CaughtUp> {
    const session = this.#session.signal
    const task = new CatchUp({
      context: this.#context,
      known,
      options: this.#options,
      signal: signal === undefined ? session : AbortSignal.any([signal, session]),
      deliver: (message, missed) => this.#missed.emit(message, missed),
    })
    return run(task)
  }
}
