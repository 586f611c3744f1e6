import type { CallOptions, Handled, Plugin, Subscription } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import type { BlockingChange } from './block-set.js'
import { BlockSync } from './block-sync.js'
import { sendBlock, sendUnblock } from './elements.js'

/** One address or several: accounts, resources (full JIDs) or whole domains. */
export type Addresses = Jid | string | readonly (Jid | string)[]

/** What `client.blocking` offers. */
export interface Blocking {
  /** Who is blocked, by JID, always as the server has told last; complete when `online` resolves. */
  readonly list: ReadonlyMap<string, Jid>
  /** Whether the server can block; `undefined` before the first session. */
  readonly supported: boolean | undefined
  /** Whether an address is blocked: itself, its account or its domain (XEP-0191 §6). */
  isBlocked(jid: Jid | string): boolean
  /**
   * Blocks: nothing gets through any more in either direction, and for them we are offline. Resolves when the server has
   * agreed; `list` changes when it tells all clients.
   *
   * @throws RangeError for no address
   * @throws StanzaError if the server refuses
   */
  block(addresses: Addresses, options?: CallOptions): Promise<void>
  /**
   * Unblocks. They see our presence again if they may.
   *
   * @throws RangeError for no address: see {@link unblockAll}
   * @throws StanzaError if the server refuses
   */
  unblock(addresses: Addresses, options?: CallOptions): Promise<void>
  /**
   * Unblocks everybody (XEP-0191 §3.5).
   *
   * @throws StanzaError if the server refuses
   */
  unblockAll(options?: CallOptions): Promise<void>
  /** Calls the handler with every change, whoever made it; at the beginning of a session with what has changed since. */
  onChange(handler: (change: BlockingChange) => Handled): Subscription
}

/** The plugin: keeps the list of who is blocked up to date, and changes it (XEP-0191). */
export function blocking(): Plugin<'blocking', Blocking> {
  return {
    name: 'blocking',
    needs: {},
    setup(context) {
      const changed = context.event<[BlockingChange]>()
      const sync = new BlockSync(context, changed)
      return {
        list: sync.blocked.all,
        get supported() {
          return sync.supported
        },
        isBlocked: (jid) => sync.blocked.covers(parse(jid)),
        block: async (addresses, options) => context.request(sendBlock, { items: itemsOf(addresses) }, options),
        unblock: async (addresses, options) => context.request(sendUnblock, { items: itemsOf(addresses) }, options),
        unblockAll: (options) => context.request(sendUnblock, { items: [] }, options),
        onChange: (handler) => changed.on(handler),
      }
    },
  }
}

const parse = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)

function itemsOf(addresses: Addresses): readonly { readonly jid: Jid }[] {
  const all: readonly (Jid | string)[] = isList(addresses) ? addresses : [addresses]
  // For the server, nobody would be everybody.
  if (all.length === 0) throw new RangeError('no address')
  return all.map((jid) => ({ jid: parse(jid) }))
}

const isList = (addresses: Addresses): addresses is readonly (Jid | string)[] => Array.isArray(addresses)
