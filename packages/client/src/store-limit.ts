import type { StateStore } from './state-store.js'
import { StoreError } from './store-error.js'

/** Milliseconds that the client waits for its store. */
const storeLimit = 10_000

/** How long a client waits for its store. */
export class StoreLimit {
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()

  /**
   * What the store answers, if it does so in time. What it does later is not stopped.
   *
   * @throws StoreError `timeout`
   */
  async inTime<T>(work: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      const error = (): StoreError => new StoreError('timeout', `no answer for ${storeLimit / 1000} s`)
      timer = setTimeout(() => reject(error()), storeLimit)
      this.#timers.add(timer)
    })
    work.catch(() => {}) // it may still fail when nobody waits for it any more
    try {
      return await Promise.race([work, late])
    } finally {
      if (timer !== undefined && this.#timers.delete(timer)) clearTimeout(timer)
    }
  }

  /** Whoever waits now is not told any more when it has been too long: nobody needs the store. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}

/** The same store; what it does not answer in time rejects. A name that it gives too late is given back. */
export function limitedStore(store: StateStore, limit: StoreLimit): StateStore {
  const { claim } = store
  const claimInTime = async (name: string): Promise<(() => void) | undefined> => {
    let isLate = false
    const claimed = (claim as NonNullable<typeof claim>).call(store, name)
    claimed.then(
      (release) => isLate && release?.(),
      () => {},
    )
    try {
      return await limit.inTime(claimed)
    } catch (error) {
      isLate = true
      throw error
    }
  }
  return {
    get: (key) => limit.inTime(store.get(key)),
    batch: (changes) => limit.inTime(store.batch(changes)),
    ...(claim && { claim: claimInTime }),
  }
}
