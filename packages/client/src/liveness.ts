/** What a {@link Liveness} asks for. */
export interface LivenessHooks {
  /** Send something the server answers: `<r/>` (XEP-0198 §4) or a ping (XEP-0199). */
  probe(): void
  /** Milliseconds that what lies before the probe may take; default none. */
  allowance?(): number
  /** The server is gone. Called once; everything is stopped by then. */
  dead(): void
}

/** Figures that differ from the defaults. */
export interface LivenessOptions {
  /** Milliseconds without an inbound byte after which to probe; default 60,000. */
  readonly idle?: number | undefined
  /** Milliseconds on a clock that never jumps; default `performance.now`. */
  readonly now?: (() => number) | undefined
}

/** Milliseconds: a probe is not answered in time, R-010, and in haste, R-011; then once more for a network that settles. */
const deadline = 15_000
const fastDeadline = 5000
const secondLook = 30_000

/** A timer that is later than this many milliseconds says that we were not there to hear the answer. */
const blocked = 1000

/** Milliseconds: a server that wants more traffic than this does not get it. */
const shortest = 5000

/** What `setTimeout` can do. */
const longestTimer = 2 ** 31 - 1

interface Probe {
  readonly until: number
  readonly isFast: boolean
}

/**
 * Whether the server is still there: probes after 60 s without an inbound byte and gives it 15 s to answer, so that a dead
 * peer is known after 75 s. One timer at a time, which does not keep a process alive.
 */
export class Liveness {
  readonly #hooks: LivenessHooks
  readonly #idle: number
  readonly #now: () => number
  #silence = Number.POSITIVE_INFINITY
  #heardAt = 0
  #sentAt = 0
  /** Whether anything was heard since the last probe. */
  #isAnswered = true
  #probe: Probe | undefined
  /** When to look a second time. */
  #secondAt = Number.POSITIVE_INFINITY
  /** A late timer was already forgiven since something was heard. */
  #isForgiven = false
  #isRunning = false
  #isPaused = false
  #checkLater = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #due = 0

  constructor(hooks: LivenessHooks, { idle = 60_000, now = () => performance.now() }: LivenessOptions = {}) {
    this.#hooks = hooks
    this.#idle = idle
    this.#now = now
  }

  /** Begins, with a connection that is read; now counts as heard. */
  start(): void {
    this.stop()
    this.#isRunning = true
    this.#isPaused = false
    this.#isForgiven = false
    this.#heardAt = this.#sentAt = this.#now()
    this.#arm()
  }

  /** Something came in, whitespace too: it answers any probe. Cheap; call it for every chunk. */
  heard(): void {
    this.#heardAt = this.#now()
    this.#isAnswered = true
  }

  /** Something was written. Cheap; without it, {@link limit} makes more probes than necessary. */
  sent(): void {
    this.#sentAt = this.#now()
  }

  /**
   * The server closes streams on which it hears nothing for so many seconds (XEP-0478): probes after half of that without
   * {@link sent}, too, but not more often than every 5 s. Zero or `undefined`: it does not.
   */
  limit(idleSeconds: number | undefined): void {
    this.#silence = idleSeconds ? Math.max(shortest, idleSeconds * 500) : Number.POSITIVE_INFINITY
    if (this.#isRunning) this.#arm()
  }

  /** The network changed, or we woke up: probes at once with 5 s to answer, and again 30 s from now. */
  check(): void {
    if (!this.#isRunning) return
    if (this.#isPaused) {
      this.#checkLater = true
      return
    }
    this.#secondAt = this.#now() + secondLook
    if (!this.#probe?.isFast || this.#isAnswered) this.#ask(true)
  }

  /** Inbound is held back, so that nothing can be heard: nobody is declared dead until it flows again. */
  pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return
    this.#isPaused = isPaused
    if (!this.#isRunning) return
    if (!isPaused) {
      const now = this.#now()
      this.#heardAt = now
      // The answer may wait among what was held back.
      if (this.#probe !== undefined) this.#probe = { until: now + deadline + this.#allowance, isFast: false }
    }
    this.#arm()
    if (!isPaused && this.#checkLater) {
      this.#checkLater = false
      this.check()
    }
  }

  /** Ends it; no timer is left. */
  stop(): void {
    this.#isRunning = false
    this.#checkLater = false
    this.#probe = undefined
    this.#secondAt = Number.POSITIVE_INFINITY
    clearTimeout(this.#timer)
  }

  get #allowance(): number {
    return this.#hooks.allowance?.() ?? 0
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const now = this.#now()
    const next = this.#next()
    if (next === Number.POSITIVE_INFINITY) return
    const delay = Math.min(longestTimer, Math.max(0, Math.ceil(next - now)))
    this.#due = now + delay
    this.#timer = setTimeout(() => this.#onTimer(), delay)
    const { unref } = this.#timer as { unref?: () => void } // Node: the socket keeps a process alive, not this
    unref?.call(this.#timer)
  }

  /** When there is something to do, if nothing happens. */
  #next(): number {
    const silent = this.#sentAt + this.#silence
    if (this.#isPaused) return silent
    return this.#probe?.until ?? Math.min(this.#heardAt + this.#idle, silent, this.#secondAt)
  }

  #onTimer(): void {
    const now = this.#now()
    const late = now - this.#due
    if (this.#isPaused) this.#keepUp(now)
    else if (this.#probe !== undefined && !this.#isAnswered) this.#missed(now, late)
    else {
      this.#probe = undefined
      this.#isForgiven = false
      // The machine slept: what was heard before says nothing about now.
      if (late > 2 * Math.min(this.#idle, this.#silence)) this.check()
      else if (this.#next() <= now) this.#ask(false)
      else this.#arm()
    }
  }

  /** Nobody listens, but the server wants to hear us. */
  #keepUp(now: number): void {
    const isDue = this.#next() <= now
    if (isDue) this.#sentAt = now
    this.#arm()
    if (isDue) this.#hooks.probe()
  }

  /** No answer. After a sleep, or a long turn of the event loop, the answer may be there and unread: asks once more. */
  #missed(now: number, late: number): void {
    if (this.#next() > now) {
      this.#arm()
    } else if (late > blocked && !this.#isForgiven) {
      this.#isForgiven = true
      this.#secondAt = now + secondLook
      this.#ask(true)
    } else {
      this.stop()
      this.#hooks.dead()
    }
  }

  #ask(isFast: boolean): void {
    const now = this.#now()
    if (this.#secondAt <= now) this.#secondAt = Number.POSITIVE_INFINITY
    this.#isAnswered = false
    this.#sentAt = now
    // Not beyond the next probe, which would come too late for the server, unless it hears what is on its way.
    const patience = isFast ? fastDeadline : Math.min(deadline, this.#silence) + this.#allowance
    this.#probe = { until: now + patience, isFast }
    this.#arm()
    this.#hooks.probe()
  }
}
