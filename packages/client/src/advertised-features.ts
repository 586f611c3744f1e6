import type { Handled } from './session.js'
import { Subscription } from './subscription.js'

/** What a client advertises (XEP-0030): the features of its plugins, and those they add for as long as they want them. */
export class AdvertisedFeatures {
  /** All of them, sorted. */
  list: readonly string[] = []
  /** How many want each feature. */
  readonly #wanted = new Map<string, number>()
  readonly #handlers = new Set<() => Handled>()
  readonly #run: (code: () => Handled) => void

  /**
   * @param features those that are there from the beginning
   * @param run runs a handler and reports what it throws
   */
  constructor(features: readonly string[], run: (code: () => Handled) => void) {
    this.#run = run
    for (const feature of features) this.#wanted.set(feature, 1)
    this.#sort()
  }

  /** Adds a feature until the subscription ends; one that several want stays until the last of them is done. */
  add(feature: string): Subscription {
    this.#count(feature, 1)
    return new Subscription(() => this.#count(feature, -1))
  }

  /** Calls the handler each time the list has changed. */
  onChange(handler: () => Handled): Subscription {
    const own = (): Handled => handler() // the same function may be registered twice
    this.#handlers.add(own)
    return new Subscription(() => this.#handlers.delete(own))
  }

  #count(feature: string, difference: 1 | -1): void {
    const before = this.#wanted.get(feature) ?? 0
    const after = before + difference
    if (after > 0) this.#wanted.set(feature, after)
    else this.#wanted.delete(feature)
    if (before > 0 === after > 0) return
    this.#sort()
    for (const handler of [...this.#handlers]) if (this.#handlers.has(handler)) this.#run(handler)
  }

  #sort(): void {
    this.list = [...this.#wanted.keys()].sort()
  }
}
