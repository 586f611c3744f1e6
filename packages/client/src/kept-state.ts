import type { BareJid } from '@couplet/stanza'
import type { AttemptOptions } from './connector.js'
import type { Login } from './login.js'
import type { LoginMemory } from './login-memory.js'
import type { SessionContinuity } from './session-continuity.js'
import { SessionJournal } from './session-journal.js'
import { sleep } from './sleep.js'
import { type StateStore, scopedStore } from './state-store.js'
import { limitedStore, StoreLimit } from './store-limit.js'
import { unlessAborted } from './unless-aborted.js'

const endpointKey = 'endpoint'
const version = 1
/** Milliseconds that closing waits for the store. */
const leaveLimit = 1000
/** Milliseconds that making a token useless may take. */
const logOutLimit = 15_000

/** What a client keeps in its store for the next connection or the next process; the errors of the store never stop it. */
export class KeptState {
  readonly #scoped: StateStore
  /** The same, with limits. */
  readonly #store: StateStore
  readonly #limit = new StoreLimit()
  readonly #account: BareJid
  readonly #report: (error: unknown) => void
  #login: LoginMemory | undefined
  #release: (() => void) | undefined
  /** Whether another client has the place in the store. */
  #isGuest = false
  #endpoint: string | undefined
  #isEndpointLoaded = false
  #limits: Login['limits']

  /** @param report takes the errors of the store */
  constructor(store: StateStore, account: BareJid, report: (error: unknown) => void) {
    this.#scoped = scopedStore(store, () => `${account}/`)
    this.#store = limitedStore(this.#scoped, this.#limit)
    this.#account = account
    this.#report = report
  }

  /** What is remembered between logins. */
  async login(): Promise<LoginMemory> {
    const { LoginMemory } = await import('./login-memory.js')
    this.#login ??= new LoginMemory(this.#store, this.#account, this.#report, this.#isGuest)
    return this.#login
  }

  /** Lets a weaker mechanism pass at the next login. */
  async forgetPin(): Promise<void> {
    await (await this.login()).forgetPin()
  }

  /** Makes the token useless, if there is one, and forgets everything about logging in. */
  async logOut(options: Omit<AttemptOptions, 'memory' | 'hints'>): Promise<void> {
    const memory = await this.login()
    await memory.load()
    if (memory.tokenMechanism !== undefined) {
      const { logIn } = await import('./connector.js')
      const request = { resumption: undefined, inline: [], bind2: false }
      const attempt = logIn({ ...options, memory, invalidateToken: true }, request, AbortSignal.timeout(logOutLimit))
      await attempt.then(({ stream }) => stream.close()).catch((error: unknown) => this.#report(error))
    }
    await memory.forget()
  }

  /** Where the last login succeeded, for when DNS does not answer. */
  async endpoint(): Promise<string | undefined> {
    if (this.#isEndpointLoaded) return this.#endpoint
    this.#isEndpointLoaded = true
    try {
      const record = await this.#store.get(endpointKey)
      if (record?.version === version && typeof record.value === 'string') this.#endpoint ??= record.value
    } catch (error) {
      this.#report(error)
    }
    return this.#endpoint
  }

  /** A login succeeded there. */
  async rememberEndpoint(endpoint: string): Promise<void> {
    if (endpoint === this.#endpoint) return
    this.#endpoint = endpoint
    try {
      await this.#store.batch([{ key: endpointKey, record: { version, value: endpoint } }])
    } catch (error) {
      this.#report(error)
    }
  }

  /** A session that goes on has the limits with which it began, unless the server says them again (XEP-0478). */
  withLimits(login: Login): Login {
    if (login.resumed === undefined || login.limits !== undefined) this.#limits = login.limits
    return { ...login, limits: this.#limits }
  }

  /**
   * Goes on with the session of an earlier client, unless another one, such as the page in another tab, does. A store that
   * hangs is left alone when the signal aborts.
   */
  async takeOver(continuity: SessionContinuity, signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#takeOver(continuity, signal), signal).catch(() => {})
  }

  async #takeOver(continuity: SessionContinuity, signal: AbortSignal): Promise<void> {
    try {
      await this.#limit.inTime(continuity.left()) // what was there before
      const release = await this.#claim()
      if (this.#isGuest) return
      if (signal.aborted) return release?.()
      this.#release = release
      await continuity.use(new SessionJournal(this.#scoped, this.#report, this.#limit), signal)
    } catch (error) {
      this.#report(error)
    }
  }

  /** Takes the place in the store, if nobody has it; one that cannot be taken is somebody else's. */
  async #claim(): Promise<(() => void) | undefined> {
    let release: (() => void) | undefined
    try {
      release = await this.#store.claim?.('session')
      return release
    } finally {
      this.#become({ guest: this.#store.claim !== undefined && release === undefined })
    }
  }

  #become({ guest }: { readonly guest: boolean }): void {
    if (guest !== this.#isGuest) this.#login = undefined
    this.#isGuest = guest
  }

  /**
   * Resolves when the store knows that a session is over, and there is no other work any more, or after a second.
   *
   * @param others what plugins are storing; where one thing follows from another, the set gets longer
   */
  async left(continuity: SessionContinuity, others: ReadonlySet<Promise<unknown>>): Promise<void> {
    const end = new AbortController()
    const stored = async (): Promise<void> => {
      await continuity.left()
      while (others.size > 0 && !end.signal.aborted) await Promise.all(others)
    }
    await Promise.race([stored(), sleep(leaveLimit, end.signal)])
    end.abort()
    this.#limit.stop()
  }

  /** The session is over: when the store knows that, somebody else may keep one. */
  async release(continuity: SessionContinuity): Promise<void> {
    const release = this.#release
    this.#release = undefined
    this.#become({ guest: false })
    await continuity.left()
    release?.()
  }
}
