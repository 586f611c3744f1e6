import type { ElementDef } from '@couplet/stanza'

/** The ending of a feature that says: tell me about this node (XEP-0163 §4.3, XEP-0060 §9.2). */
export const NOTIFY_SUFFIX = '+notify'

/**
 * Who may read: everybody (`open`), the contacts who see our presence (`presence`), those in some groups of the roster, or
 * nobody but the account itself (`private`, XEP-0223).
 */
export type PepAccess = 'open' | 'presence' | 'private' | { readonly groups: readonly string[] }

/** How a node of the account is set up. */
export interface PepOptions {
  /** Who may read; default `presence`. */
  readonly access?: PepAccess | undefined
  /** How many items are kept, or as many as the server allows; default is one, which each new one replaces. */
  readonly maxItems?: number | 'max' | undefined
  /** When others get the newest item without a change; default is up to the server. `never` for stored data (XEP-0222). */
  readonly sendLast?: 'never' | 'on_sub' | 'on_sub_and_presence' | undefined
}

/** A kind of node that accounts have: its name, what its items are, and how it is set up. */
export interface PepNode<T> extends PepOptions {
  /** The name of the node. */
  readonly name: string
  /** What its items are. */
  readonly item: ElementDef<T>
}

/**
 * A kind of node: `pepNode(Conference, { name: NS_BOOKMARKS, access: 'private', maxItems: 'max', sendLast: 'never' })`.
 * Without a name it is called like the namespace of its items (XEP-0163 §3).
 *
 * @__NO_SIDE_EFFECTS__
 */
export function pepNode<T>(item: ElementDef<T>, options: PepOptions & { readonly name?: string } = {}): PepNode<T> {
  return { name: item.ns, item, ...options }
}
