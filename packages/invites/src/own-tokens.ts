import type { StateStore } from '@couplet/client'
import type { BareJid } from '@couplet/stanza'
import { type Ending, StoredList } from './stored-list.js'

/** A token that this client has given out. */
interface OwnToken extends Ending {
  readonly token: string
  /** Who alone may bring it. */
  readonly only?: string | undefined
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const length = 26
/** A longer one is not ours. */
const longest = 256

/** The tokens that this client has given out: each is good once, for a time, and perhaps for one person (XEP-0379 §5.2). */
export class OwnTokens {
  readonly #list: StoredList<OwnToken>

  constructor(store: StateStore) {
    this.#list = new StoredList(store, 'tokens', readToken)
  }

  /** Makes one. */
  async issue(expires: Date, only: BareJid | undefined): Promise<string> {
    const token = newToken()
    await this.#list.add({ token, expires: expires.getTime(), ...(only && { only: only.toString() }) })
    return token
  }

  /** Uses a token up; false if it is none of ours, has ended, or is for somebody else. */
  async redeem(token: string, from: BareJid): Promise<boolean> {
    if (token.length > longest) return false
    const sender = from.toString()
    const taken = await this.#list.take((own) => {
      const isSame = isEqual(own.token, token)
      return isSame && (own.only === undefined || own.only === sender)
    })
    return taken.length > 0
  }

  /** Ends one; false if it was none of ours any more. */
  async revoke(token: string): Promise<boolean> {
    return (await this.#list.take((own) => isEqual(own.token, token))).length > 0
  }
}

/** 130 bits from the platform's CSPRNG in letters and digits (XEP-0379 §5.1 wants 80). */
function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  return Array.from(bytes, (byte) => alphabet[byte & 31]).join('')
}

/** How long it takes says nothing about where they differ. */
function isEqual(own: string, other: string): boolean {
  let difference = own.length ^ other.length
  for (let i = 0; i < own.length; i++) difference |= own.charCodeAt(i) ^ (other.charCodeAt(i) || 0)
  return difference === 0
}

function readToken(value: unknown): OwnToken | undefined {
  const { token, expires, only } = (value ?? {}) as Partial<Record<keyof OwnToken, unknown>>
  if (typeof token !== 'string' || typeof expires !== 'number') return undefined
  return only === undefined || typeof only === 'string' ? { token, expires, only } : undefined
}
