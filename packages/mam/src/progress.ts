import { flatten, type Jid, type Message } from '@couplet/stanza'
import { trustedStanzaId } from '@couplet/stanza-id'
import { isArchivedKind } from './archived-kind.js'
import { keyOf, type MessageKey } from './delivered.js'

/** A message that came live. What is left of it when the application has it is small: thousands may wait to be counted. */
export interface Arrival {
  readonly key: MessageKey
  /** Its id in the archive, if the archive removes forged ones. */
  readonly claimedId: string | undefined
  /** Whether it is of a kind that the archive keeps. */
  readonly isArchived: boolean
  /** What it came in: itself, or a copy of it; until the application is done with it. */
  stanza: Message | undefined
  /** Its id in the archive, as soon as that is known and if it has one. */
  id: string | undefined
  isHandled: boolean
}

/** A message that came live in a stanza, for this archive. */
export function arrivalOf(message: Message, stanza: Message, archive: Jid, isRoom: boolean): Arrival {
  const id = trustedStanzaId(message, archive)
  return {
    key: keyOf(message),
    claimedId: id === undefined ? undefined : flatten(id),
    isArchived: isRoom || isArchivedKind(message), // what is said in rooms is in their archives
    stanza,
    id: undefined,
    isHandled: false,
  }
}

/** A message that was missed, or what is to be done after some of them. */
type Step =
  | { readonly id: string; readonly key: MessageKey; isHandled: boolean }
  | { readonly act: () => void; readonly after: readonly Arrival[] }

/** What is done when its turn comes. */
export interface ProgressTarget {
  /** Whether anything can count: what the ids of messages that come live are worth is known. */
  isReady(): boolean
  /** The application is done with a message that came live, and with all that came before it. */
  live(arrival: Arrival): void
  /** The application is done with a message that was missed. */
  missed(id: string, key: MessageKey): void
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
      arrival.stanza = undefined

      this.settle()
    }
  }

  /** A message was missed. @returns what says that the application is done with it */
  miss(id: string, key: MessageKey): () => void {
    const step = { id, key, isHandled: false }
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
      else this.#target.missed(step.id, step.key)
    }
  }

  /** Forgets the oldest that came live. */
  forget(): void {
    this.#live.shift()
  }
}

const isDone = (step: Step): boolean =>
  'act' in step ? step.after.every(({ isHandled }) => isHandled) : step.isHandled
