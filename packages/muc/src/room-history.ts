import type { RoomDelay } from './room-delay.js'

/** A moment by two clocks: sleep stops one, and the other can be set. */
interface Moment {
  readonly wall: number
  readonly steady: number
}

const now = (): Moment => ({ wall: Date.now(), steady: performance.now() })

/** What a room repeats for whoever enters (XEP-0045 §7.2.13): what of it is wanted, and what of it comes. */
export class RoomHistory {
  /** Whether it may still come. */
  #isOpen = true
  /** When we were let in, once a subject has come: it may be the last of the history, or one in the middle. */
  #before: number | undefined
  #entered = 0
  #heard: Moment | undefined

  /** We ask to be let in. */
  begin(): void {
    this.#isOpen = true
    this.#before = undefined
  }

  /** We are in. Rooms that had not forgotten us may have said something new before that. */
  enter(): void {
    this.begin()
    this.#entered = Date.now()
    this.#heard ??= now()
  }

  /** Takes what was said to all. @returns whether it is history */
  take(delay: RoomDelay | undefined, isSubject: boolean): boolean {
    if (delay === undefined) {
      this.#isOpen = false
      this.#heard = now()
      return false
    }
    const isHistory = this.#isOpen && (this.#before === undefined || delay.isBefore(this.#before))
    if (isSubject) this.#before = this.#entered
    return isHistory
  }

  /**
   * Milliseconds since the room has said something new, by our own clocks alone: those of others are ahead or behind.
   * The longer time counts. `undefined` if we were never in.
   */
  get missed(): number | undefined {
    if (this.#heard === undefined) return undefined
    const { wall, steady } = now()
    return Math.max(wall - this.#heard.wall, steady - this.#heard.steady)
  }
}
