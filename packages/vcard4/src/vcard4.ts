import type { CallOptions, Handled, Subscription } from '@couplet/client'
import type { Pep, PepAccess, PepChangeOptions } from '@couplet/pep'
import type { NodeChange } from '@couplet/pubsub'
import type { Jid } from '@couplet/stanza'
import { type Vcard4, Vcard4Node } from './elements.js'

/** A client with the plugin `pep`. */
export interface Vcard4Client {
  /** The plugin. */
  readonly pep: Pep
}

/** Options of {@link getVcard4}. */
export interface Vcard4Options extends CallOptions {
  /** Whose; default the own account. */
  readonly from?: Jid | string | undefined
}

/** Options of {@link publishVcard4} and {@link updateVcard4}. */
export interface Vcard4PublishOptions extends CallOptions {
  /** Who may read it from now on; default `presence`, the contacts who see our presence. */
  readonly access?: PepAccess | undefined
}

/**
 * The vCard of somebody; `undefined` if there is none (XEP-0292 §4.1.1).
 *
 * @throws StanzaError if we may not read it
 */
export async function getVcard4(
  { pep }: Vcard4Client,
  { from, signal }: Vcard4Options = {},
): Promise<Vcard4 | undefined> {
  return pep.get(Vcard4Node, { from, signal })
}

/**
 * Publishes the vCard of the own account in the place of what was there (XEP-0292 §4.1.2).
 *
 * @throws PepError if the server does not guarantee who can read it; then nothing was sent
 * @throws StanzaError if the server refuses for another reason
 */
export async function publishVcard4(
  { pep }: Vcard4Client,
  card: Vcard4,
  { access, signal }: Vcard4PublishOptions = {},
): Promise<void> {
  await pep.publish(Vcard4Node, card, { access, signal })
}

/**
 * Changes the vCard of the own account: gets it, has the function make another one of it, and publishes that. A function that
 * takes over what it was given (`(card) => ({ ...card, nicknames: [{ text: 'Ish' }] })`) keeps also what it knows nothing of.
 *
 * @returns the vCard as it was published
 * @throws what {@link getVcard4} and {@link publishVcard4} throw
 */
export async function updateVcard4(
  client: Vcard4Client,
  change: (card: Vcard4) => Vcard4,
  options: Vcard4PublishOptions = {},
): Promise<Vcard4> {
  const card = change((await getVcard4(client, { signal: options.signal })) ?? {})
  await publishVcard4(client, card, options)
  return card
}

/**
 * Calls the handler when the own account or a contact has published another vCard. It is absent if it was removed
 * (`change.type` says so), or if the server tells only that there is another one: {@link getVcard4} gets it.
 */
export function onVcard4Change(
  { pep }: Vcard4Client,
  handler: (card: Vcard4 | undefined, change: NodeChange<Vcard4>) => Handled,
  options?: PepChangeOptions,
): Subscription {
  return pep.onChange(Vcard4Node, handler, options)
}
