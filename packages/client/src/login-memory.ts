import type { BareJid } from '@couplet/stanza'
import { isAlive, type StoredToken, storedToken } from './fast-token.js'
import { type ServerOffer, storedOffer } from './server-offer.js'
import type { StateStore } from './state-store.js'
import { randomUuid } from './uuid.js'

/**
 * The best password mechanisms that ever succeeded: the floor for later logins (S-042). Channels that we can bind to and
 * those that we cannot, such as WebSocket, are two matters.
 */
export interface LoginPin {
  /** On channels that offered us bindings. */
  readonly bindable?: string | undefined
  /** On channels that did not. */
  readonly unbindable?: string | undefined
}

interface Contents {
  userAgent: string
  token: StoredToken | undefined
  pin: LoginPin
  /** By scheme, because servers offer different things on different transports. */
  offers: Readonly<Record<string, ServerOffer>>
}

const key = 'login'
const version = 1

/** What is remembered between the logins of one account. */
export class LoginMemory {
  readonly #store: StateStore
  readonly #account: string
  readonly #onError: (error: unknown) => void
  /** Whether another client has the place in the store. */
  readonly isGuest: boolean
  #contents: Contents = emptyContents()
  #loaded = false
  /** Whether the store has all of it. */
  #isSaved = false

  /**
   * @param store only for this account, below a prefix of its own
   * @param onError is told when the store fails; logging in goes on
   * @param isGuest beside another client with this store, such as that of another tab: the same pins hold, but it is an
   *   installation of its own, without a token, and writes nothing. One id for both, and with it one resource (XEP-0386),
   *   would make them throw each other out.
   */
  constructor(store: StateStore, account: BareJid, onError: (error: unknown) => void = () => {}, isGuest = false) {
    this.isGuest = isGuest
    this.#store = store
    this.#account = account.toString()
    this.#onError = onError
  }

  /** Reads what was stored, once; a store that fails is asked again before the next login. */
  async load(): Promise<void> {
    if (this.#loaded) return
    try {
      const record = await this.#store.get(key)
      this.#loaded = true
      if (record?.version !== version) return
      const contents = readContents(record.value, this.#account) ?? this.#contents
      const { userAgent } = this.#contents
      this.#contents = this.isGuest ? { ...contents, userAgent, token: undefined } : contents
      this.#isSaved = JSON.stringify(record.value) === JSON.stringify(this.#value)
    } catch (error) {
      this.#onError(error)
    }
  }

  /** The floor for mechanisms. */
  get pin(): LoginPin {
    return this.#contents.pin
  }

  /** The id of this installation, a UUID v4 (XEP-0388 §2.3): random, and the same at every login. */
  get userAgentId(): string {
    return this.#contents.userAgent
  }

  /** The mechanism of a token that has not expired. */
  get tokenMechanism(): string | undefined {
    const { token } = this.#contents
    return token && isAlive(token, Date.now()) ? token.mechanism : undefined
  }

  /** The token as it is now, for a mechanism that was chosen by {@link tokenMechanism}. */
  get token(): StoredToken | undefined {
    return this.#contents.token
  }

  /** What the server offered last time on this scheme. */
  offer(scheme: string): ServerOffer | undefined {
    return Object.hasOwn(this.#contents.offers, scheme) ? this.#contents.offers[scheme] : undefined
  }

  /** Counts a use of the token and stores that; returns the count, or `undefined` if the token must not be used. */
  async countUse(): Promise<number | undefined> {
    const { token } = this.#contents
    if (token === undefined) return undefined
    const count = token.count + 1
    this.#contents.token = { ...token, count }
    return (await this.#save()) ? count : undefined
  }

  /** Changes what is remembered, and stores it. */
  async update(changes: {
    /** A new token, or `null` to forget the one there is. */
    readonly token?: StoredToken | null | undefined
    readonly pin?: LoginPin | undefined
    /** For each scheme what the server offers, or `undefined` to forget it. */
    readonly offers?: Readonly<Record<string, ServerOffer | undefined>> | undefined
  }): Promise<void> {
    const { token, pin, offers } = changes
    const before = JSON.stringify(this.#value)
    if (token !== undefined) this.#contents.token = token ?? undefined
    if (pin !== undefined) this.#contents.pin = { ...this.#contents.pin, ...pin }
    const entries = Object.entries({ ...this.#contents.offers, ...offers })
    this.#contents.offers = Object.fromEntries(entries.filter(([, offer]) => offer)) as Contents['offers']
    if (!this.#isSaved || JSON.stringify(this.#value) !== before) await this.#save()
  }

  /** Lets a weaker mechanism pass at the next login: when the user says that the server changed for a reason. */
  async forgetPin(): Promise<void> {
    await this.load()
    this.#contents.pin = {}
    await this.#save()
  }

  /** Removes everything, from the store as well: token, pins, and the id of the installation. */
  async forget(): Promise<void> {
    this.#contents = emptyContents()
    this.#loaded = true
    await this.#write(undefined)
  }

  get #value(): unknown {
    return { account: this.#account, ...this.#contents }
  }

  #save(): Promise<boolean> {
    return this.#write({ version, value: this.#value })
  }

  async #write(record: { readonly version: number; readonly value: unknown } | undefined): Promise<boolean> {
    if (this.isGuest) return true
    // What could not be read is not written over: it may hold the pin.
    if (!this.#loaded) return false
    this.#isSaved = false
    try {
      await this.#store.batch([{ key, record }])
      this.#isSaved = record !== undefined
      return true
    } catch (error) {
      this.#isSaved = false
      this.#onError(error)
      return false
    }
  }
}

const emptyContents = (): Contents => ({ userAgent: randomUuid(), token: undefined, pin: {}, offers: {} })

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Takes what has the right shape; what belongs to another account is none of it (S-064). */
function readContents(value: unknown, account: string): Contents | undefined {
  const stored = (value ?? {}) as Partial<Record<keyof Contents | 'account', unknown>>
  if (stored.account !== account) return undefined
  const { bindable, unbindable } = (stored.pin ?? {}) as Partial<Record<keyof LoginPin, unknown>>
  const offers = Object.entries((stored.offers ?? {}) as object).flatMap(([scheme, offer]) => {
    const read = storedOffer(offer)
    return read === undefined ? [] : [[scheme, read] as const]
  })
  return {
    userAgent: uuidForm.test(String(stored.userAgent)) ? String(stored.userAgent) : randomUuid(),
    token: storedToken(stored.token),
    pin: {
      ...(typeof bindable === 'string' && { bindable }),
      ...(typeof unbindable === 'string' && { unbindable }),
    },
    offers: Object.fromEntries(offers),
  }
}
