import type { CallOptions, Session } from '@couplet/client'
import type { Jid, StanzaError } from '@couplet/stanza'
import { queryVcard, storeVcard, type Vcard } from './elements.js'

/** Options of {@link getVcard}. */
export interface VcardOptions extends CallOptions {
  /**
   * Whose: of an account, a room or a server by its bare JID, of an occupant of a room by the full one. Default: the own
   * account.
   */
  readonly from?: Jid | string | undefined
}

/** XEP-0054 §3.1, §3.3: what is said of somebody who has none, or is not there. */
const none: ReadonlySet<string> = new Set(['item-not-found', 'service-unavailable'])

/**
 * The vCard of somebody; `undefined` if there is none, or nothing in it (XEP-0054 §3.1, §3.3).
 *
 * @throws StanzaError if it cannot be told, or not to us
 */
export async function getVcard(
  session: Pick<Session, 'request'>,
  { from, signal }: VcardOptions = {},
): Promise<Vcard | undefined> {
  try {
    const card = await session.request(queryVcard, {}, { to: from, signal })
    return Object.keys(card).length === 0 ? undefined : card
  } catch (error) {
    if (isStanzaError(error) && none.has(error.condition)) return undefined
    throw error
  }
}

/**
 * Stores the vCard of the own account, for everybody to read, in the place of what was there (XEP-0054 §3.2).
 *
 * @throws StanzaError if the server does not store it
 */
export async function setVcard(
  session: Pick<Session, 'request'>,
  card: Vcard,
  { signal }: CallOptions = {},
): Promise<void> {
  await session.request(storeVcard, card, { signal })
}

/**
 * Changes the vCard of the own account: gets it, has the function make another one of it, and stores that. A function that
 * takes over what it was given (`(card) => ({ ...card, nickname: 'Ishmael' })`) keeps also what it knows nothing of.
 *
 * @returns the vCard as it was stored
 * @throws StanzaError if the server does not tell, or does not store it
 */
export async function updateVcard(
  session: Pick<Session, 'request'>,
  change: (card: Vcard) => Vcard,
  options: CallOptions = {},
): Promise<Vcard> {
  const card = change(await ownVcard(session, options))
  await setVcard(session, card, options)
  return card
}

/** A server that does not say for certain that there is none must not have it overwritten. */
async function ownVcard(session: Pick<Session, 'request'>, { signal }: CallOptions): Promise<Vcard> {
  try {
    return await session.request(queryVcard, {}, { signal })
  } catch (error) {
    if (isStanzaError(error) && error.condition === 'item-not-found') return {}
    throw error
  }
}

/** Also for an error of another copy of the package. */
const isStanzaError = (error: unknown): error is StanzaError => error instanceof Error && error.name === 'StanzaError'
