import { explain } from './indexeddb-store-error.js'

/**
 * Names that one page or worker of an origin has alone, as Web Locks: the browser takes them back when it is gone, however
 * it ended, and throws a page out of the back/forward cache whose name somebody else wants.
 */
export class TabClaims {
  readonly #prefix: string
  /** What we gave back, until the browser knows. */
  readonly #ending = new Map<string, Promise<unknown>>()
  readonly #held = new Set<() => void>()

  /** @param prefix tells them from the other locks of the origin */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /**
   * Takes a name; without Web Locks, as in an insecure context, nobody can know that it is free, and so it is not.
   *
   * @throws IndexedDbStoreError
   */
  async take(name: string): Promise<(() => void) | undefined> {
    const { locks } = (globalThis as { navigator?: Partial<Navigator> }).navigator ?? {}
    if (locks === undefined) return undefined
    await this.#ending.get(name)
    return new Promise((resolve, reject) => {
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        if (lock !== null) return new Promise((release) => resolve(this.#releaser(name, release, () => ended)))
        resolve(undefined)
        return undefined
      }
      const ended = locks.request(this.#prefix + name, { ifAvailable: true }, hold)
      ended.catch((error: unknown) => reject(explain(error)))
    })
  }

  /** Gives everything back; resolves when somebody else can have it. */
  async end(): Promise<void> {
    for (const release of this.#held) release()
    await Promise.all(this.#ending.values())
  }

  #releaser(name: string, end: () => void, ended: () => Promise<unknown>): () => void {
    const release = (): void => {
      if (!this.#held.delete(release)) return
      end()
      const ending = ended()
        .catch(() => {})
        .then(() => {
          if (this.#ending.get(name) === ending) this.#ending.delete(name)
        })
      this.#ending.set(name, ending)
    }
    this.#held.add(release)
    return release
  }
}
