/** Something registered that can be taken back: `subscription.dispose()`, or `using subscription = …`. */
export class Subscription {
  #end: (() => void) | undefined

  /** @internal */
  constructor(end: () => void) {
    this.#end = end
  }

  /** Ends it. Doing so twice is harmless. */
  dispose(): void {
    const end = this.#end
    this.#end = undefined
    end?.()
  }

  /** For `using`. */
  declare [Symbol.dispose]: () => void
}

// Not every browser has the symbol yet, and a method named by a missing symbol would be called "undefined".
if (Symbol.dispose !== undefined) Subscription.prototype[Symbol.dispose] = Subscription.prototype.dispose
