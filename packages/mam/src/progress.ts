import type { Message } from '@couplet/stanza'

/** A message that came live. */
export interface Arrival {
  readonly message: Message
  /** What it came in: itself, or a copy of it. */
  readonly stanza: Message
  /** Its id in the archive, as soon as that is known and if it has one. */
  id: string | undefined
  isHandled: boolean
}

/** A message that was missed, or what is to be done after some of them. */
type Step =
  | { readonly id: string; readonly message: Message; isHandled: boolean }
  | { readonly act: () => void; readonly after: readonly Arrival[] }

/** What is done when its turn comes. */
export interface ProgressTarget {
  /** Whether anything can count: what the ids of messages that come live are worth is known. */
  isReady(): boolean
  /** The application is done with a message that came live, and with all that came before it. */
  live(arrival: Arrival): void
  /** The application is done with a message that was missed. */
  missed(id: string, message: Message): void
}

/**
 * How far the application is: what it has been given and is not done with must not count as known in the store, or a process
 * that dies in the middle has lost it.
 */
export class Progress {
  readonly #target: ProgressTarget
  /** In the order in which they have come. */
  readonly #live: Arrival[] = []
  /** In the order of the archive. */
  readonly #steps: Step[] = []

  constructor(target: ProgressTarget) {
    this.#target = target
  }

  /** Messages that came live and that the application is not done with. */
  get arrivals(): readonly Arrival[] {
    return this.#live
  }

  /** Whether the application is done with all that was missed. */
  get isCaughtUp(): boolean {
    return this.#steps.length === 0
  }

  /** A message came live. @returns what says that the application is done with it */
  arrive(arrival: Arrival): () => void {
    this.#live.push(arrival)
    return () => {
      arrival.isHandled = true
      this.settle()
    }
  }

  /** A message was missed. @returns what says that the application is done with it */
  miss(id: string, message: Message): () => void {
    const step = { id, message, isHandled: false }
    this.#steps.push(step)
    return () => {
      step.isHandled = true
      this.settle()
    }
  }

  /** Acts when the application is done with all that was missed so far, and with these that came live. */
  afterwards(act: () => void, after: (arrival: Arrival) => boolean = () => false): void {
    this.#steps.push({ act, after: this.#live.filter(after) })
    this.settle()
  }

  /** Counts what the application is done with, in order. */
  settle(): void {
    if (!this.#target.isReady()) return
    for (let [first] = this.#live; first?.isHandled; [first] = this.#live) {
      this.#live.shift()
      this.#target.live(first)
    }
    for (let [step] = this.#steps; step !== undefined && isDone(step); [step] = this.#steps) {
      this.#steps.shift()
      if ('act' in step) step.act()
      else this.#target.missed(step.id, step.message)
    }
  }

  /** Forgets the oldest that came live. */
  forget(): void {
    this.#live.shift()
  }
}

const isDone = (step: Step): boolean =>
  'act' in step ? step.after.every(({ isHandled }) => isHandled) : step.isHandled
