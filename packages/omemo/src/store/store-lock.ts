import { randomId, type StateStore } from '@couplet/client'

/** Locks that also hold against other tabs and processes with the same data. */
export interface LockPort {
  /** Waits until nobody else has the name, and resolves with what gives it back. */
  acquire(name: string): Promise<() => void>
}

/** How long others wait at most while there is always something to do here, in milliseconds. */
const longest = 100

/**
 * The lock of a store. It is shared by all who work in this process at the same time: between those {@link ScopeQueue}
 * decides, and taking it for each of them would cost more than what they do.
 */
export class StoreLock {
  readonly #port: LockPort | undefined
  readonly #taken: () => Promise<void>
  #holders = 0
  #since = 0
  #entrance: Promise<void> = Promise.resolve()
  #release: (() => void) | undefined
  #drained: (() => void) | undefined

  /** @param taken called when others may have written since we had it last */
  constructor(port: LockPort | undefined, taken: () => Promise<void>) {
    this.#port = port
    this.#taken = taken
  }

  /** Resolves when we have it. */
  enter(): Promise<void> {
    const port = this.#port
    if (port === undefined) return Promise.resolve()
    const entered = this.#entrance.then(() => this.#enter(port))
    this.#entrance = entered.catch(() => {})
    return entered
  }

  /** One less who needs it. */
  leave(): void {
    if (this.#port === undefined || --this.#holders > 0) return
    const release = this.#release
    this.#release = undefined
    release?.()
    this.#drained?.()
  }

  async #enter(port: LockPort): Promise<void> {
    if (this.#holders > 0 && Date.now() - this.#since >= longest) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
      this.#drained = undefined
    }
    this.#holders++
    if (this.#holders > 1) return
    try {
      this.#release = await port.acquire('omemo')
      this.#since = Date.now()
      await this.#taken()
    } catch (error) {
      this.leave()
      throw error
    }
  }
}

/**
 * The lock that fits a store: its own claims; else those of the browser's tabs; else this process is alone. So it is with a
 * store that can claim nothing here, as one in a browser without Web Locks.
 */
export function lockPortOf(store: StateStore): LockPort | undefined {
  if (store.claim !== undefined) return claimLocks(store.claim.bind(store))
  const locks = (globalThis as { readonly navigator?: { readonly locks?: WebLocks } }).navigator?.locks
  return locks === undefined ? undefined : webLocks(locks)
}

/** As much of the Web Locks API as is used here. */
interface WebLocks {
  request(name: string, callback: () => Promise<void>): Promise<unknown>
}

/** Locks between tabs. */
function webLocks(locks: WebLocks): LockPort {
  return {
    acquire: (name) =>
      new Promise((resolve, reject) => {
        const hold = (): Promise<void> => new Promise((release) => resolve(release))
        locks.request(`couplet:${name}`, hold).catch(reject)
      }),
  }
}

/** Locks made of claims, which are asked for until they are given. */
function claimLocks(claim: NonNullable<StateStore['claim']>): LockPort {
  let isAble = false
  /** A name that nobody else can have is only refused by a store that gives none away. */
  const canClaim = async (): Promise<boolean> => {
    const release = isAble ? undefined : await claim(randomId())
    release?.()
    isAble ||= release !== undefined
    return isAble
  }
  return {
    async acquire(name) {
      for (let delay = 4; ; delay = Math.min(delay * 2, 128)) {
        const release = await claim(name)
        if (release !== undefined) return release
        if (!(await canClaim())) return () => {}
        await new Promise((resolve) => setTimeout(resolve, delay * (0.5 + Math.random() / 2)))
      }
    },
  }
}
