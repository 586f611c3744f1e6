import { timeLimit } from './deadline.js'
import type { StateStore } from './state-store.js'
import { StoreError } from './store-error.js'

/** Milliseconds that the client waits for its store. */
const storeLimit = 10_000

/** How long a client waits for its store. */
export class StoreLimit {
  readonly #limits = new Set<{ cancel(): void }>()

  /**
   * What the store answers, if it does so in time. What it does later is not stopped.
   *
   * @throws StoreError `timeout`
   */
  async inTime<T>(work: Promise<T>): Promise<T> {
    const limit = timeLimit(storeLimit, () => new StoreError('timeout', `no answer for ${storeLimit / 1000} s`))
    this.#limits.add(limit)
    work.catch(() => {}) // it may still fail when nobody waits for it any more
    try {
      return await Promise.race([work, limit.reached])
    } finally {
      limit.cancel()
      this.#limits.delete(limit)
    }
  }

  /** Whoever waits now is not told any more when it has been too long: nobody needs the store. */
  stop(): void {
    for (const limit of this.#limits) limit.cancel()
    this.#limits.clear()
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
