import type { PluginContext } from '@couplet/client'
import { getDiscoInfo } from '@couplet/disco'
import { type Presence, type PresenceInit, presence, type StanzaError } from '@couplet/stanza'
import { Deferred, until } from './deferred.js'
import { type MucHistory, MucJoin } from './elements.js'
import { jitter } from './jitter.js'
import type { RoomCore } from './room-core.js'
import { RoomError } from './room-error.js'
import type { RoomEvent } from './room-event.js'
import { SelfPing } from './self-ping.js'

/** Milliseconds: for the room to answer, and between attempts to come back, from the first to all after the last. */
const limits = { answer: 60_000, firstRetry: 10_000, lastRetry: 15 * 60_000, leave: 10_000 } as const
/** Milliseconds: what the room says is under way for a while, so some of what we have seen already is asked for again. */
const overlap = 30_000

/**
 * XEP-0045 §7.2 with RFC 6120 §8.3.3: what may be over in a while, for somebody who was in. `item-not-found` is a room
 * that somebody has just made again, and has still to open (§10.1.2).
 */
const passing: readonly string[] = ['conflict', 'item-not-found', 'remote-server-not-found', 'service-unavailable']

/** How available an occupant is. */
export type RoomAvailability = Pick<PresenceInit, 'show' | 'status' | 'lang'>

/** How to enter. */
export interface EntryOptions {
  readonly password: string | undefined
  readonly history: MucHistory
  readonly availability: RoomAvailability
  /** Whether the room is made if there is none. */
  readonly create: boolean
}

/** Whom an entry tells, and asks. */
export interface EntryHost {
  /** It is time to enter again, when it is this room's turn. */
  readonly queue: () => void
  /** By coming back we have made the room again. */
  readonly made: () => void
  /** There is no connection: this has to be said if the session goes on, and only then. */
  readonly whenResumed: (farewell: Presence) => void
  /** We are out, for good. */
  readonly ended: () => void
}

/** Getting into a room, staying there, coming back, and leaving (XEP-0045 §7.2, §7.14). */
export class Entry {
  readonly #context: PluginContext
  readonly #core: RoomCore
  readonly #options: EntryOptions
  readonly #host: EntryHost
  readonly #ping: SelfPing
  readonly #entered = new Deferred<void>()
  #availability: RoomAvailability
  /** Whether the room has still to hear of it. */
  #isUntold = false
  /** Whether the room was asked, in this session, and has not answered. */
  #isAsked = false
  /** Whether there is still time for it. Also an answer after that counts. */
  #isDue = false
  #attempts = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #leaving: Deferred<void> | undefined

  constructor(context: PluginContext, core: RoomCore, options: EntryOptions, host: EntryHost) {
    this.#context = context
    this.#core = core
    this.#options = options
    this.#availability = options.availability
    this.#host = host
    this.#ping = new SelfPing(
      context,
      () => core.occupant,
      () => this.lose('self-ping'),
    )
  }

  /** Resolves when we are in for the first time. @throws StanzaError if the room does not let us in */
  get entered(): Promise<void> {
    return this.#entered.promise
  }

  /** How available we are there. */
  get availability(): RoomAvailability {
    return this.#availability
  }

  /** Whether the next self-presence says that we are in. */
  get isAsked(): boolean {
    return this.#isAsked
  }

  /** The room has said something. */
  heard(): void {
    this.#ping.heard()
  }

  /** Asks to be let in. */
  ask(): void {
    const core = this.#core
    if (core.state === 'left' || !this.#context.isOnline) return // the next session asks
    this.#isAsked = true
    this.#isUntold = false
    core.history.begin()
    core.rename.fail(new RoomError('lost'))
    this.learn()
    core.occupants.beginSync()
    const join = MucJoin({ history: this.#history, password: this.#options.password })
    this.#context.send(presence({ ...this.#availability, to: core.occupant }, join))
    this.#isDue = true
    if (core.state === 'lost') this.#retryIn(limits.answer)
  }

  /** Asks the room what it can do; the answer comes before the first occupant. */
  learn(): void {
    const core = this.#core
    this.#context.request(getDiscoInfo, {}, { to: core.jid, signal: this.#context.signal }).then(
      ({ features }) => {
        core.features = new Set(features)
        // It may say so only when some are there already.
        for (const change of core.occupants.identify()) core.occupantChanges.emit(change)
      },
      () => {}, // a room that is only now made does not answer; one that does not know the protocol, neither
    )
  }

  /** A new session: the room knows nothing of it. */
  forget(): void {
    this.#isAsked = false
    this.#stopTimers()
    if (this.#leaving !== undefined) this.end({ type: 'left', reason: undefined, actor: undefined })
    if (this.#core.state === 'joined') this.#core.state = 'lost'
    this.#core.disinherit()
  }

  /** Rooms can be entered now. Who was told first that we are online may have asked for this one. */
  renew(): void {
    const { state } = this.#core
    if ((state === 'entering' || state === 'lost') && !this.#isAsked) this.#host.queue()
  }

  /** The session goes on, and what was held for the case that it does not can go out. */
  resumed(): void {
    this.#tell()
    if (this.#core.state === 'joined') this.#core.heldSends.release()
    else this.renew() // its turn came while there was no connection
  }

  /** The room has let us in. */
  enter(codes: readonly number[]): void {
    const core = this.#core
    const isFirst = core.state === 'entering'
    const isMade = codes.includes(201)
    this.#isAsked = false
    if (isMade && !isFirst && !this.#options.create) {
      // Not ours to make: leaving ends it again, and somebody else may make it yet.
      this.#context.send(presence({ type: 'unavailable', to: core.occupant }))
      this.#retry()
      return
    }
    this.#attempts = 0
    this.#stopTimers()
    core.state = 'joined'
    core.history.enter()
    for (const occupant of core.occupants.endSync()) {
      core.occupantChanges.emit({ type: 'left', occupant, reason: undefined, actor: undefined })
    }
    if (isMade) core.isNew = true
    core.events.emit({ type: isFirst ? 'joined' : 'rejoined' })
    core.takeStatuses(codes, false)
    this.#ping.start()
    this.#tell()
    if (isMade && !isFirst) this.#host.made()
    core.heldSends.release()
    if (!isFirst) core.wished = undefined // whoever waits for the first time sees to the nickname
    this.#entered.resolve()
  }

  /** The room has said no. */
  refuse(error: StanzaError): void {
    const { state } = this.#core
    this.#isAsked = false
    if (state === 'entering') {
      this.#entered.reject(error)
      this.end()
    } else if (error.type === 'wait' || passing.includes(error.condition)) this.#retry()
    else this.end({ type: 'refused', error })
  }

  /** We are out although nobody wanted that: we come back. */
  lose(cause: 'shutdown' | 'removed-by-error' | 'self-ping'): void {
    const core = this.#core
    if (core.state !== 'joined') return
    core.state = 'lost'
    this.#ping.stop()
    core.events.emit({ type: 'lost', cause })
    // A service that shuts down is not back at once.
    if (cause === 'self-ping') this.#host.queue()
    else this.#retry()
  }

  /** We are out, and do not come back. */
  end(event?: RoomEvent): void {
    const core = this.#core
    if (core.state === 'left') return
    core.state = 'left'
    this.#isAsked = false
    this.#stopTimers()
    const reason = new RoomError('left')
    core.occupants.clear()
    core.rename.fail(reason)
    core.heldSends.fail(reason)
    this.#entered.reject(reason)
    this.#host.ended()
    if (event !== undefined) core.events.emit(event)
    this.#leaving?.resolve()
  }

  /** Resolves when we have left, if we are leaving. */
  get leaving(): Promise<void> | undefined {
    return this.#leaving?.promise
  }

  /** Leaves; resolves when the room has seen us go, or nobody could tell any more. */
  async leave(status?: string): Promise<void> {
    if (this.#core.state === 'left' || this.#leaving !== undefined) return this.leaving
    const { signal, isOnline } = this.#context
    const isInside = this.#core.isInside || this.#isAsked
    const left = new Deferred<void>()
    this.#leaving = left
    const farewell = presence({ type: 'unavailable', to: this.#core.occupant, status })
    if (isInside && isOnline && !signal.aborted) {
      this.#context.send(farewell)
      await until(left.promise, limits.leave, [signal], () => undefined).catch(() => {})
    } else if (isInside) this.#host.whenResumed(farewell)
    this.end({ type: 'left', reason: undefined, actor: undefined })
  }

  /** Says how available we are, here and when we come back (XEP-0045 §7.7). */
  announce(availability: RoomAvailability): void {
    this.#availability = availability
    this.#isUntold = true
    this.#tell()
  }

  /** The client closes. */
  close(): void {
    this.#stopTimers()
  }

  /** The room has sent a message back: asks whether we are in (XEP-0410 §3). */
  doubt(): void {
    this.#ping.ask()
  }

  get #history(): MucHistory {
    const { state, history } = this.#core
    const { missed } = history
    if (state === 'entering' || missed === undefined) return this.#options.history
    return { seconds: Math.ceil((missed + overlap) / 1000) }
  }

  #tell(): void {
    if (!this.#isUntold || this.#core.state !== 'joined' || !this.#context.isOnline) return
    this.#isUntold = false
    this.#context.send(presence({ ...this.#availability, to: this.#core.occupant }))
  }

  #retry(): void {
    const ms = Math.min(limits.firstRetry * 2 ** this.#attempts++, limits.lastRetry)
    this.#isDue = false
    this.#retryIn(jitter(ms))
  }

  #retryIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (this.#isDue)
        this.#retry() // no answer: less and less often
      else this.#host.queue()
    }, ms)
  }

  #stopTimers(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#ping.stop()
  }
}
