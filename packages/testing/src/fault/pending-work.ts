import { createHook } from 'node:async_hooks'

// Taken now: waiting for real work takes real time.
const nextTurn = setImmediate
const { setTimeout, performance } = globalThis
const now = performance.now.bind(performance)

/** Milliseconds of real time after which work is not waited for any longer. */
const patience = 60_000
/** Turns of the event loop after which the processor is left to others. */
const impatience = 1000

/** Turns of the event loop, and files, in the words of Node. */
const isWork = (type: string): boolean => type === 'Immediate' || /^(FSREQ|FILEHANDLECLOSEREQ)/.test(type)

/** Knows what is under way that no timer waits for: turns of the event loop, files, cryptography. */
export class PendingWork {
  readonly #pending = new Set<number>()
  readonly #hook = createHook({
    init: (id, type) => {
      if (isWork(type)) this.#pending.add(id)
    },
    before: (id) => this.#pending.delete(id),
    destroy: (id) => this.#pending.delete(id),
  }).enable()
  #computing = 0
  readonly #restoreCrypto = watchCrypto((change) => {
    this.#computing += change
  })

  /**
   * Resolves when nothing is under way: all promises that can be settled without a timer are.
   *
   * @throws Error if there is no end to it
   */
  async settled(): Promise<void> {
    const limit = now() + patience
    // A second look, because what was done last may have begun something in a promise.
    for (let quiet = 0, turns = 0; quiet < 2; turns++) {
      await new Promise<void>((resolve) => (turns < impatience ? nextTurn(resolve) : setTimeout(resolve, 1)))
      quiet = this.#pending.size + this.#computing === 0 ? quiet + 1 : 0
      if (now() > limit) throw new Error(`there is no end to it: work was under way for ${patience / 1000} s`)
    }
  }

  /**
   * Waits until `done`, for what cannot be observed, such as sockets.
   *
   * @throws Error if that takes too long
   */
  async awaited(done: () => boolean): Promise<void> {
    for (const limit = now() + patience; !done(); await this.settled()) {
      if (now() > limit) throw new Error('nothing is left that could settle it')
      await new Promise<void>((resolve) => setTimeout(resolve, 1))
    }
  }

  /** Stops observing. */
  stop(): void {
    this.#hook.disable()
    this.#restoreCrypto()
  }
}

/** Reports when the platform begins and ends to compute something. @returns how to stop that */
function watchCrypto(report: (change: 1 | -1) => void): () => void {
  const prototype = Object.getPrototypeOf(crypto.subtle) as Record<string, unknown>
  const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(
    ([name, { value }]) => typeof value === 'function' && name !== 'constructor',
  )
  for (const [name, descriptor] of methods) {
    const watched = function (this: unknown, ...args: unknown[]): unknown {
      const result: unknown = descriptor.value.apply(this, args)
      if (!(result instanceof Promise)) return result
      report(1)
      const done = (): void => report(-1)
      result.then(done, done)
      return result
    }
    Object.defineProperty(prototype, name, { ...descriptor, value: watched })
  }
  return () => {
    for (const [name, descriptor] of methods) Object.defineProperty(prototype, name, descriptor)
  }
}
