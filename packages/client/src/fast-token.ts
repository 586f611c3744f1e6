import { dateTime, flatten } from '@couplet/stanza'

/** A token for the next login (XEP-0484 §3.3): as good as a password, so it is shown nowhere. */
export interface StoredToken {
  /** The one mechanism it works with: the server bound it to that (S-058). */
  readonly mechanism: string
  /** The secret. */
  readonly token: string
  /** When it ends, as the server said it. */
  readonly expiry: string
  /** How often it was used. */
  readonly count: number
}

/** Characters at most: what is longer is no token. */
const maxLength = 4096

/**
 * A token as the server gave it; `undefined` if it is of no use: empty, or its expiry is missing, no DateTime of XEP-0082,
 * or past (S-061).
 */
export function newToken(
  mechanism: string,
  { token, expiry }: { readonly token: string; readonly expiry?: string | undefined },
  now: number,
): StoredToken | undefined {
  const made = { mechanism, token: flatten(token), expiry: flatten(expiry ?? ''), count: 0 }
  return token.length > 0 && token.length <= maxLength && isAlive(made, now) ? made : undefined
}

/** Whether a token has not expired. No timer watches it: it is looked at when it would be used. */
export function isAlive({ expiry }: StoredToken, now: number): boolean {
  const end = dateTime.decode(expiry)
  return end !== undefined && end.getTime() > now
}

/** A token that was stored; `undefined` if it is not one. */
export function storedToken(value: unknown): StoredToken | undefined {
  const { mechanism, token, expiry, count } = (value ?? {}) as Partial<Record<keyof StoredToken, unknown>>
  if (typeof mechanism !== 'string' || typeof token !== 'string' || token === '') return undefined
  if (typeof expiry !== 'string' || !Number.isSafeInteger(count) || (count as number) < 0) return undefined
  return { mechanism, token, expiry, count: count as number }
}
