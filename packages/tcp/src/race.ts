import type { AddressLookup, Family } from './addresses.js'
import type { Endpoint } from './endpoints.js'
import { Entrant } from './entrant.js'

/** Milliseconds of RFC 8305 §8: until the next attempt, and for answers that would go before those that are there. */
export const delays = { attempt: 250, resolution: 50 } as const

/** Who races, and how. */
export interface RaceOptions<T> {
  /** One priority group, best first. */
  readonly endpoints: readonly Endpoint[]
  /** Finds addresses. */
  readonly lookup: AddressLookup
  /** Tries one address; it wins by resolving. When the signal aborts it has to close what it opened. */
  attempt(endpoint: Endpoint, address: string, signal: AbortSignal): Promise<T>
  /** Is told at the end about each endpoint that failed, in their order. */
  failed(endpoint: Endpoint, error: unknown): void
  /** Closes what came second. */
  discard(loser: T): void
  /** Ends the race. */
  readonly signal: AbortSignal
}

/**
 * Happy eyeballs (RFC 8305) over the hosts of one SRV priority (XEP-0495 §4): AAAA and A of all hosts are asked at once, and
 * attempts start one after the other, 250 ms apart or as soon as the last one has failed. The first that succeeds wins.
 *
 * @throws the error of the first endpoint, from the address where it got furthest; or the signal's reason
 */
export function race<T>(options: RaceOptions<T>): Promise<T> {
  return new Promise((resolve, reject) => new Race(options, resolve, reject).start())
}

class Race<T> {
  readonly #options: RaceOptions<T>
  readonly #resolve: (winner: T) => void
  readonly #reject: (error: unknown) => void
  readonly #entrants: readonly Entrant[]
  /** Ends what runs when the race is over. */
  readonly #over = new AbortController()
  #latest = 0
  #pause: ReturnType<typeof setTimeout> | undefined
  #patience: ReturnType<typeof setTimeout> | undefined
  /** Whether answers that would go first are still waited for. */
  #patient = true
  #done = false

  constructor(options: RaceOptions<T>, resolve: (winner: T) => void, reject: (error: unknown) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    this.#entrants = options.endpoints.map((endpoint) => new Entrant(endpoint))
  }

  start(): void {
    const { signal } = this.#options
    signal.addEventListener('abort', this.#abort, { once: true })
    if (signal.aborted) this.#abort()
    if (this.#done) return
    // In the order of XEP-0495 §4.2: both families of the first host, then of the second.
    for (const entrant of this.#entrants) for (const family of [6, 4] as const) void this.#ask(entrant, family)
  }

  async #ask(entrant: Entrant, family: Family): Promise<void> {
    let addresses: readonly string[] = []
    try {
      addresses = await this.#options.lookup(entrant.endpoint.host, family, this.#over.signal)
    } catch (error) {
      entrant.failed(error)
    }
    if (this.#done) return
    entrant.answered(family, addresses)
    if (entrant.ready) this.#patience ??= setTimeout(() => this.#losePatience(), delays.resolution)
    this.#step()
  }

  #losePatience(): void {
    this.#patient = false
    this.#step()
  }

  /** Starts what may start now, and notices the end. */
  #step(): void {
    while (this.#pause === undefined && !this.#done) {
      const entrant = this.#next()
      if (entrant === undefined) break
      void this.#try(entrant)
    }
    if (!this.#done && this.#entrants.every(({ exhausted }) => exhausted)) {
      this.#finish(() => this.#reject(this.#entrants[0]?.error))
    }
  }

  /** The first that has an address, unless an answer is waited for that may put another one before it. */
  #next(): Entrant | undefined {
    for (const entrant of this.#entrants) {
      if (this.#patient && entrant.undecided) return undefined
      if (entrant.ready) return entrant
    }
    return undefined
  }

  async #try(entrant: Entrant): Promise<void> {
    const number = ++this.#latest
    entrant.running++
    this.#pause = setTimeout(() => this.#goOn(), delays.attempt)
    try {
      const winner = await this.#options.attempt(entrant.endpoint, entrant.take() as string, this.#over.signal)
      if (this.#done) this.#options.discard(winner)
      else this.#finish(() => this.#resolve(winner))
    } catch (error) {
      entrant.running--
      if (this.#done) return
      entrant.failed(error)
      if (number === this.#latest)
        this.#goOn() // nothing is gained by waiting
      else this.#step()
    }
  }

  #goOn(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#step()
  }

  readonly #abort = (): void => this.#finish(() => this.#reject(this.#options.signal.reason))

  #finish(then: () => void): void {
    if (this.#done) return
    this.#done = true
    clearTimeout(this.#pause)
    clearTimeout(this.#patience)
    this.#options.signal.removeEventListener('abort', this.#abort)
    this.#over.abort()
    for (const { exhausted, endpoint, error } of this.#entrants) if (exhausted) this.#options.failed(endpoint, error)
    then()
  }
}
