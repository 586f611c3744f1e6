import { until } from './deferred.js'
import type { Entry } from './entry.js'
import type { Room } from './room.js'
import { RoomError } from './room-error.js'

/** Milliseconds for a room to let us in. */
const limit = 60_000

/** How long somebody waits. */
export interface Patience {
  /** Milliseconds; default a minute. */
  readonly timeout?: number | undefined
  /** What ends the waiting. */
  readonly signals: readonly (AbortSignal | undefined)[]
}

/** Those who wait for one room. It is left when the last of them gives up, and not while somebody has it, or waits. */
export class Admission {
  readonly #room: Room
  readonly #entry: Entry
  readonly #prepare: () => Promise<void>
  #waiting = 0
  #isGiven: boolean
  #ready: Promise<void> | undefined

  /** @param prepare what is to be done once, when we are in and before anybody gets the room; without it, its maker leaves it */
  constructor(room: Room, entry: Entry, prepare: (() => Promise<void>) | undefined) {
    this.#room = room
    this.#entry = entry
    this.#isGiven = prepare === undefined
    this.#prepare = prepare ?? (async () => {})
  }

  /**
   * Resolves when we are in.
   *
   * @throws StanzaError if the room does not let us in
   * @throws RoomError `timeout`, or why it is of no use
   */
  async wait({ timeout = limit, signals }: Patience): Promise<void> {
    this.#waiting++
    try {
      await until(this.#whenReady(), timeout, signals, () => new RoomError('timeout'))
      this.#isGiven = true
    } finally {
      if (--this.#waiting === 0 && !this.#isGiven) void this.#room.leave()
    }
  }

  async #whenReady(): Promise<void> {
    await this.#entry.entered
    this.#ready ??= this.#prepare()
    await this.#ready
  }
}
