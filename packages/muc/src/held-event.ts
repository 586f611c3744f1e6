import type { Handled, PluginEvent, Subscription } from '@couplet/client'

/** How much waits for the first listener. */
const limit = 1000

/**
 * An event whose first listener also gets what came before it: a room speaks as soon as we are in, and whoever awaits
 * `join` comes later than that. The last 1,000 wait.
 */
export class HeldEvent<Args extends readonly unknown[]> {
  readonly #event: PluginEvent<Args>
  #held: Args[] | undefined = []
  #isReleasing = false

  constructor(event: PluginEvent<Args>) {
    this.#event = event
  }

  /** Calls the handler each time. */
  on(handler: (...args: Args) => Handled): Subscription {
    const subscription = this.#event.on(handler)
    if (this.#held !== undefined && !this.#isReleasing) {
      this.#isReleasing = true
      // Not before whoever listens has the subscription in hand.
      queueMicrotask(() => this.#release())
    }
    return subscription
  }

  /** Calls all handlers, or waits for the first. */
  emit(...args: Args): void {
    if (this.#held === undefined) this.#event.emit(...args)
    else {
      this.#held.push(args)
      if (this.#held.length > limit) this.#held.shift()
    }
  }

  #release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const args of held) this.#event.emit(...args)
  }
}
