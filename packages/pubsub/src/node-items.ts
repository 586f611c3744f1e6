import type { CallOptions, Session } from '@couplet/client'
import { paginate, type ResultSetRequest } from '@couplet/rsm'
import type { ElementDef, Jid, StanzaError } from '@couplet/stanza'
import { getItems, type ItemsResult, type PubsubItem } from './elements.js'
import { readPayload } from './payload.js'

/** An item of a node. */
export interface NodeItem<T> {
  /** Its id. */
  readonly id: string
  /** What was published. */
  readonly value: T
  /** Who has published it, if the service says so. */
  readonly publisher: Jid | undefined
}

/** Which items. */
export interface ItemsOptions extends CallOptions {
  /** Only the newest so many. */
  readonly max?: number | undefined
  /** Only those with these ids. */
  readonly ids?: readonly string[] | undefined
  /** Items per request, where the service has pages; default 50. */
  readonly pageSize?: number | undefined
  /** Which of several subscriptions, where the service wants to know (XEP-0060 §6.5.9.1). */
  readonly subid?: string | undefined
}

/** Where items are. */
export interface NodePlace<T> {
  readonly session: Session
  readonly service: Jid
  readonly name: string
  readonly item: ElementDef<T>
}

/** Gets items, page by page as they are asked for (XEP-0060 §6.5). Those that cannot be read are left out. */
export async function* walkItems<T>(
  place: NodePlace<T>,
  options: ItemsOptions,
): AsyncGenerator<NodeItem<T>, void, undefined> {
  const { max, pageSize = 50, signal } = options
  for (const [name, value] of Object.entries({ max, pageSize })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`${name} is a positive integer`)
    }
  }
  for await (const { items } of pagesOf(place, options, pageSize)) {
    for (const { id, payload, publisher } of items?.items ?? []) {
      signal?.throwIfAborted()
      const read = payload && readPayload(place.item, payload)
      if (id !== undefined && read?.ok) yield { id, value: read.value, publisher }
    }
  }
}

async function* pagesOf<T>(place: NodePlace<T>, options: ItemsOptions, pageSize: number): AsyncGenerator<ItemsResult> {
  const { max, ids } = options
  // The newest come at once: which end of a node its pages begin at is up to the service.
  if (max !== undefined || ids !== undefined) yield await fetch(place, options, undefined)
  // A service without pages sends all items, and no place in a result set: that is the end.
  else yield* paginate({ max: pageSize }, (page) => fetch(place, options, page))
}

function fetch<T>(
  { session, service, name }: NodePlace<T>,
  { max, ids = [], subid, signal }: ItemsOptions,
  page: ResultSetRequest | undefined,
): Promise<ItemsResult> {
  const items = ids.map((id): PubsubItem => ({ id }))
  const value = { items: { node: name, maxItems: max, subid, items }, page }
  return session.request(getItems, value, { to: service, signal })
}

/**
 * Gets one item: that with this id, or the newest; `undefined` if there is none.
 *
 * @throws MalformedElementError if it does not have the shape of the definition
 */
export async function fetchItem<T>(
  place: NodePlace<T>,
  id: string | undefined,
  { signal }: CallOptions,
): Promise<NodeItem<T> | undefined> {
  const options = id === undefined ? { max: 1, signal } : { ids: [id], signal }
  try {
    const { items } = await fetch(place, options, undefined)
    // XEP-0060 §6.5.7: a service that cannot count sends all; the newest is the last.
    const found = items?.items.findLast((item) => item.id !== undefined && (id === undefined || item.id === id))
    if (found?.id === undefined || found.payload === undefined) return undefined
    const read = readPayload(place.item, found.payload)
    if (!read.ok) throw read.error
    return { id: found.id, value: read.value, publisher: found.publisher }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Whether there is no such node or item (XEP-0060 §6.5.9.11); also for an error of another copy of the package. */
export function isMissing(error: unknown): boolean {
  const { name, condition } = error as Partial<StanzaError>
  return name === 'StanzaError' && condition === 'item-not-found'
}
